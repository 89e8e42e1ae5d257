package io.adapt4j.verification.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Names of villages, in their own order: those for pre-training never come up later. */
final class Names {

  private static final int FOR_PRETRAINING = 600;
  private static final List<String> BEGINNINGS =
      List.of(
          "Bel", "Dor", "Fal", "Gim", "Hul", "Jor", "Kal", "Lum", "Mor", "Nev", "Pol", "Rud", "Sel",
          "Tor", "Ul", "Vel", "Wim", "Yar", "Zan", "Cro");
  private static final List<String> MIDDLES = List.of("a", "e", "i", "o", "u");
  private static final List<String> ENDS =
      List.of(
          "by", "dale", "don", "fin", "gard", "kin", "lin", "mar", "nor", "ros", "tan", "ven",
          "wick", "zor");
  private static final List<String> ALL = all();

  private Names() {}

  private static List<String> all() {
    List<String> names = new ArrayList<>();
    for (String beginning : BEGINNINGS) {
      for (String middle : MIDDLES) {
        for (String end : ENDS) {
          names.add(beginning + middle + end);
        }
      }
    }
    Collections.shuffle(names, new Random(1));
    return List.copyOf(names);
  }

  /** The names that a base model may have seen. */
  static List<String> forPretraining() {
    return ALL.subList(0, FOR_PRETRAINING);
  }

  /** Names that no base model has seen; another seed draws others. */
  static List<String> unknown(int count, long seed) {
    List<String> names = new ArrayList<>(ALL.subList(FOR_PRETRAINING, ALL.size()));
    if (count > names.size()) {
      throw new IllegalArgumentException(
          "villages: expected at most " + names.size() + ", found " + count);
    }
    Collections.shuffle(names, new Random(seed));
    return List.copyOf(names.subList(0, count));
  }
}
