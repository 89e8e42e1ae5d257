package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.CountedBatch;
import io.adapt4j.core.internal.tokenize.Batch;

/** A batch of answers, with optional log-probabilities of a reference model. */
public interface AnswerBatch<B> extends CountedBatch {

  /** {@return the indices of its rows in the data} */
  int[] numbers();

  /** {@return the answers to train on} */
  Batch texts();

  /** {@return the weight of each row} */
  float[] weights();

  /** Returns the log-probabilities of the answers under a reference model. */
  default float[] logProbs(ReferenceModel model) {
    return model.logProbs(texts());
  }

  /** Returns this batch with the log-probabilities of a reference model. */
  B withReference(float[] logProbs);

  /** {@return the number of rows} */
  default int size() {
    return numbers().length;
  }

  @Override
  default long targets() {
    return size();
  }

  @Override
  default double weight() {
    return CountedBatch.sum(weights());
  }

  @Override
  default long tokens() {
    return texts().tokens();
  }
}
