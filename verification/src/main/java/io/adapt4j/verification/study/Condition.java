package io.adapt4j.verification.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * One way to give a model new facts.
 *
 * @param paraphrases training sentences per fact; 0 if it is not trained
 */
record Condition(int paraphrases, int repeats, double rate, boolean grounded) {

  /** The highest rate of Ovadia et al. */
  static final double GENTLE = 5e-5;

  /** Half the learning rate of the base model's pre-training. */
  static final double STRONG = 5e-4;

  static final Condition BASE = new Condition(0, 1, 0, false);
  static final Condition RAG = new Condition(0, 1, 0, true);

  static final List<Double> RATES = List.of(GENTLE, STRONG);
  private static final List<Integer> WORDINGS = List.of(1, 2, 5, 10);

  static Condition tuned(int paraphrases, double rate) {
    return new Condition(paraphrases, 1, rate, false);
  }

  /** Returns the condition with one paraphrase, for as many steps as with the most paraphrases. */
  static Condition repeated(double rate) {
    return new Condition(1, 10, rate, false);
  }

  static Condition both(int paraphrases, double rate) {
    return new Condition(paraphrases, 1, rate, true);
  }

  /**
   * Returns conditions with the same learning rate and epochs, on an increasing number of
   * paraphrases.
   */
  static List<Condition> byWordings(double rate) {
    return WORDINGS.stream().map(count -> tuned(count, rate)).toList();
  }

  /** Returns all conditions. */
  static List<Condition> all() {
    List<Condition> all = new ArrayList<>(List.of(BASE, RAG));
    for (double rate : RATES) {
      all.addAll(byWordings(rate));
      all.add(repeated(rate));
      all.add(both(1, rate));
      all.add(both(10, rate));
    }
    return Collections.unmodifiableList(all);
  }

  boolean isTuned() {
    return paraphrases > 0;
  }

  /** Returns the name in tables. */
  String title() {
    String model =
        isTuned()
            ? format(
                "fine-tuned at %.0e, %d paraphrase%s",
                rate, paraphrases, paraphrases > 1 ? "s" : "")
            : "base";
    return model + (repeats > 1 ? " for 10 times the epochs" : "") + (grounded ? " + RAG" : "");
  }

  /** Returns the folder of the model, shared by conditions with and without passages. */
  String model() {
    return isTuned()
        ? format("rate-%.0e-paraphrases-%d%s", rate, paraphrases, repeats > 1 ? "-repeated" : "")
        : "base";
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
