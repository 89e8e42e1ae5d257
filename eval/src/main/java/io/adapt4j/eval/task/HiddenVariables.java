package io.adapt4j.eval.task;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Two chains of assignments among sentences, one of them asked for. Its first assignment is at the
 * depth, and the others follow in equal distances.
 */
record HiddenVariables(List<String> names, String value, String other, long filler)
    implements LongText {

  private static final int CHAIN = 5;
  private static final int LETTERS = 5;

  /** Draws names and values. */
  static HiddenVariables of(SplittableRandom random) {
    Set<String> names = new LinkedHashSet<>();
    while (names.size() < 2 * CHAIN) {
      StringBuilder name = new StringBuilder();
      for (int i = 0; i < LETTERS; i++) {
        name.append((char) ('A' + random.nextInt(26)));
      }
      names.add(name.toString());
    }
    int value = random.nextInt(10_000, 99_999);
    return new HiddenVariables(
        List.copyOf(names), String.valueOf(value), String.valueOf(value + 1), random.nextLong());
  }

  @Override
  public String prompt(int units, double depth) {
    List<String> sentences = Filler.sentences(filler, units);
    List<String> text = new ArrayList<>();
    for (int i = 0; i <= units; i++) {
      for (int link = 0; link < CHAIN; link++) {
        double distance = link * (1 - depth) / CHAIN;
        if (Filler.place(depth + distance, units) == i) {
          text.add(assignment(link, link == 0 ? value : names.get(link - 1)));
        }
        if (Filler.place((link + 0.5) / CHAIN, units) == i) {
          text.add(assignment(CHAIN + link, link == 0 ? other : names.get(CHAIN + link - 1)));
        }
      }
      text.addAll(sentences.subList(i, Math.min(i + 1, units)));
    }
    return "Variables are assigned in the text below. Remember what value each of them has.\n\n"
        + String.join(" ", text)
        + "\n\nQuestion: Which variables have the value "
        + value
        + " in the text above? There are "
        + CHAIN
        + ".\nAnswer: The variables with the value "
        + value
        + " are";
  }

  private String assignment(int name, String of) {
    return "VAR " + names.get(name) + " = " + of + ".";
  }

  @Override
  public List<String> answers() {
    return names.subList(0, CHAIN);
  }

  @Override
  public Set<String> candidates(String prompt) {
    return Set.copyOf(names);
  }
}
