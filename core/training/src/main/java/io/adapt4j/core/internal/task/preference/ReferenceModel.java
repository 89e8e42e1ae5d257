package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.tokenize.Batch;

/** Reference model of a preference loss. */
@FunctionalInterface
public interface ReferenceModel {

  /** Returns the log-probabilities of answers: [rows] log-probability of each answer. */
  float[] logProbs(Batch answers);

  /** Uses the trained model with its adapter off. */
  static ReferenceModel withoutAdapter(Decoder decoder, Adaptation adaptation) {
    return answers -> adaptation.withoutAdapter(() -> AnswerTargets.logProbs(decoder, answers));
  }

  /**
   * Uses a given model.
   *
   * @param decoder the model, which the caller closes
   */
  static ReferenceModel of(Decoder decoder) {
    return answers -> AnswerTargets.logProbs(decoder, answers);
  }

  /** Returns 0 for every answer. */
  static ReferenceModel none() {
    return answers -> new float[answers.rows()];
  }
}
