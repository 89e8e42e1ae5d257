package io.adapt4j.verification.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * One way to give a model new facts.
 *
 * @param paraphrases sentences a fact that it is trained on; 0 if it is not trained
 * @param repeats how many times as many epochs as others it is trained for
 * @param rate the learning rate that falls to 0
 * @param grounded whether passages stand before each question
 */
record Condition(int paraphrases, int repeats, double rate, boolean grounded) {

  /** The highest rate of Ovadia et al. */
  static final double GENTLE = 5e-5;

  /** Half of the rate at which the base model is pre-trained. */
  static final double STRONG = 5e-4;

  static final Condition BASE = new Condition(0, 1, 0, false);
  static final Condition RAG = new Condition(0, 1, 0, true);

  static final List<Double> RATES = List.of(GENTLE, STRONG);
  private static final List<Integer> WORDINGS = List.of(1, 2, 5, 10);

  static Condition tuned(int paraphrases, double rate) {
    return new Condition(paraphrases, 1, rate, false);
  }

  /** One paraphrase, for as many steps as the most paraphrases take. */
  static Condition repeated(double rate) {
    return new Condition(1, 10, rate, false);
  }

  static Condition both(int paraphrases, double rate) {
    return new Condition(paraphrases, 1, rate, true);
  }

  /** Trained at a rate for as many epochs, on more and more paraphrases. */
  static List<Condition> byWordings(double rate) {
    return WORDINGS.stream().map(count -> tuned(count, rate)).toList();
  }

  /** All of them. */
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

  /** What tables call it. */
  String title() {
    String model =
        isTuned()
            ? format(
                "fine-tuned at %.0e, %d paraphrase%s",
                rate, paraphrases, paraphrases > 1 ? "s" : "")
            : "base";
    return model + (repeats > 1 ? " for 10 times the epochs" : "") + (grounded ? " + RAG" : "");
  }

  /** The folder of the model, which conditions with and without passages share. */
  String model() {
    return isTuned()
        ? format("rate-%.0e-paraphrases-%d%s", rate, paraphrases, repeats > 1 ? "-repeated" : "")
        : "base";
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
