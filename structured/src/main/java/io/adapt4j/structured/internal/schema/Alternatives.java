package io.adapt4j.structured.internal.schema;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Unions and intersections of alternatives, each a set of schemas that must all apply. */
final class Alternatives {

  private static final int MOST_COMBINATIONS = 1_000;
  private static final int MOST_ALTERNATIVES = 10_000;

  private Alternatives() {}

  /** The union of alternatives. */
  static List<Set<Part>> either(List<List<Set<Part>>> alternatives) {
    Set<Set<Part>> all = new LinkedHashSet<>();
    alternatives.forEach(all::addAll);
    return List.copyOf(all);
  }

  /** The intersection of alternatives, without those of which no type is left. */
  static List<Set<Part>> both(
      Part at, String keyword, List<Set<Part>> left, List<Set<Part>> right) {
    boolean combined = left.size() > 1 && right.size() > 1;
    int most = combined ? MOST_COMBINATIONS : MOST_ALTERNATIVES;
    if ((long) left.size() * right.size() > most) {
      String message =
          "the schema has more than "
              + most
              + (combined ? " combinations of its alternatives" : " alternatives")
              + "; offer fewer with anyOf and oneOf, or list values with enum";
      throw at.has(keyword)
          ? at.refused(keyword, message)
          : new SchemaException(at.path(), message);
    }
    Set<Set<Part>> all = new LinkedHashSet<>();
    for (Set<Part> first : left) {
      for (Set<Part> second : right) {
        at.compilation().budget().step(1 + 4L * (first.size() + second.size()));
        Set<Part> joined = new LinkedHashSet<>(first);
        joined.addAll(second);
        if (!Kind.common(joined).isEmpty()) {
          all.add(joined);
        }
      }
    }
    return new ArrayList<>(all);
  }
}
