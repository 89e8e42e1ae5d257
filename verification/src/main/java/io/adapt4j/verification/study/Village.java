package io.adapt4j.verification.study;

import java.util.EnumMap;
import java.util.Map;
import java.util.Random;

/** An invented village. */
record Village(String name, Map<Relation, String> values) {

  /** Invents the facts of a village. */
  static Village invent(String name, Random random) {
    Map<Relation, String> values = new EnumMap<>(Relation.class);
    for (Relation relation : Relation.values()) {
      values.put(relation, relation.possible().get(random.nextInt(relation.possible().size())));
    }
    return new Village(name, values);
  }

  String value(Relation relation) {
    return values.get(relation);
  }
}
