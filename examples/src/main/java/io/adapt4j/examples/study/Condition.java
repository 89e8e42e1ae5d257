package io.adapt4j.examples.study;

import java.util.List;

/**
 * One way to give a model new facts.
 *
 * @param name what tables call it
 * @param wordings sentences a fact that it is trained on; 0 if it is not trained
 * @param repeats how many times as many epochs as others it is trained for
 * @param grounded whether passages stand before each question
 */
record Condition(String name, int wordings, int repeats, boolean grounded) {

  static final Condition BASE = new Condition("base", 0, 1, false);
  static final Condition RAG = new Condition("base + RAG", 0, 1, true);
  static final Condition ONCE = tuned("fine-tuned, 1 wording", 1);
  static final Condition TEN = tuned("fine-tuned, 10 wordings", 10);
  static final Condition REPEATED =
      new Condition("fine-tuned, 1 wording, 10 times the epochs", 1, 10, false);

  static final Condition TEN_WITH_RAG = new Condition("fine-tuned, 10 wordings + RAG", 10, 1, true);

  /** Trained for as many epochs, on more and more wordings. */
  static final List<Condition> BY_WORDINGS =
      List.of(ONCE, tuned("fine-tuned, 2 wordings", 2), tuned("fine-tuned, 5 wordings", 5), TEN);

  /** All of them: each tuned model is tuned once and asked without and with passages. */
  static final List<Condition> ALL =
      List.of(
          BASE,
          BY_WORDINGS.get(0),
          BY_WORDINGS.get(1),
          BY_WORDINGS.get(2),
          BY_WORDINGS.get(3),
          REPEATED,
          RAG,
          new Condition("fine-tuned, 1 wording + RAG", 1, 1, true),
          TEN_WITH_RAG);

  private static Condition tuned(String name, int wordings) {
    return new Condition(name, wordings, 1, false);
  }

  boolean isTuned() {
    return wordings > 0;
  }

  /** The folder of the model, which conditions with and without passages share. */
  String model() {
    return isTuned() ? "wordings-" + wordings + (repeats > 1 ? "-repeated" : "") : "base";
  }

  /** The file of its scores. */
  String file() {
    return model() + (grounded ? "-rag" : "") + ".tsv";
  }
}
