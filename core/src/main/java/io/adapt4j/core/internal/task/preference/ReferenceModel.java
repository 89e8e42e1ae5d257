package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.Batch;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;

/** Gives the log-probabilities that a loss compares the model's with. */
@FunctionalInterface
public interface ReferenceModel {

  /**
   * Scores answers.
   *
   * @return [rows] log-probability of each answer
   */
  float[] logProbs(Batch answers);

  /** Asks the model that trains, its adapter off. */
  static ReferenceModel withoutAdapter(Decoder decoder, Adaptation adaptation) {
    return answers -> adaptation.withoutAdapter(() -> AnswerTargets.logProbs(decoder, answers));
  }

  /**
   * Asks a model as it is.
   *
   * @param decoder the model, which the caller closes
   */
  static ReferenceModel of(Decoder decoder) {
    return answers -> AnswerTargets.logProbs(decoder, answers);
  }

  /** Says 0 of every answer. */
  static ReferenceModel none() {
    return answers -> new float[answers.rows()];
  }
}
