package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.Batch;

/** A batch of answers that a reference can be asked about. */
public interface AnswerBatch<B> {

  /** {@return the numbers of its rows in the data} */
  int[] numbers();

  /** {@return the answers that are learned from} */
  Batch texts();

  /** {@return what each row counts} */
  float[] weights();

  /** Asks a reference. */
  default float[] logProbs(ReferenceModel model) {
    return model.logProbs(texts());
  }

  /** Keeps what a reference said. */
  B withReference(float[] logProbs);

  /** {@return the number of rows} */
  default int size() {
    return numbers().length;
  }

  /** {@return the sum of the weights} */
  default double weight() {
    double sum = 0;
    for (float weight : weights()) {
      sum += weight;
    }
    return sum;
  }
}
