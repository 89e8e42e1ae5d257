package io.adapt4j.core.internal.task.custom;

import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.train.spi.ObjectiveSample;
import java.util.List;

/** Padded batch of samples. */
record CustomBatch(List<ObjectiveSample> samples, Batch texts) {

  static CustomBatch of(List<ObjectiveSample> samples, int paddingId) {
    return new CustomBatch(
        samples, Batch.padded(samples.stream().map(ObjectiveSample::tokens).toList(), paddingId));
  }

  /** Returns the flat indices of the positions among all tokens, row by row. */
  long[] index() {
    long[] index = new long[samples.stream().mapToInt(sample -> sample.positions().length).sum()];
    int count = 0;
    for (int row = 0; row < samples.size(); row++) {
      for (int position : samples.get(row).positions()) {
        index[count++] = (long) row * texts.length() + position;
      }
    }
    return index;
  }
}
