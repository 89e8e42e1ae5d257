package io.adapt4j.core.internal.task.preference;

/** Loss of a batch of answers, computed from the log-probabilities of their tokens. */
interface Scores {

  /** Returns the tokens whose log-probabilities are needed. */
  AnswerTargets targets();

  /** Computes the loss and returns its gradient with respect to the log-probabilities. */
  float[] forwardBackward(float[] tokens);

  /** Returns the computed loss: a weighted sum over the batch. */
  double sum();

  /** Adds the metrics to means. */
  void measure(Means means);
}
