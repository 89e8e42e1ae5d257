package io.adapt4j.core.internal.task.preference;

/** The loss of a batch of answers, found from the log-probabilities of their tokens. */
interface Scores {

  /** The tokens whose log-probabilities are needed. */
  AnswerTargets targets();

  /** Finds the loss, and its derivative by each log-probability. */
  float[] forwardBackward(float[] tokens);

  /** The loss that was found: a sum over the batch, each term by its weight. */
  double sum();

  /** Adds what was found to means. */
  void measure(Means means);
}
