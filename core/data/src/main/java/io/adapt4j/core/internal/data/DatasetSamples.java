package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;

/** Samples of a dataset with one sample per row, tokenized on demand. */
record DatasetSamples(Dataset dataset, ExampleEncoder encoder) implements SampleSource {

  @Override
  public int size() {
    return dataset.size();
  }

  @Override
  public TrainingSample get(int row) {
    EncodedExample encoded = encoder.encodeRow(dataset, row);
    if (encoded instanceof EncodedExample.Kept kept) {
      return kept.sample();
    }
    throw new DatasetException(
        String.format(
            "%s: %s. Give batches only the rows that ExampleEncoder.filter keeps.",
            dataset.locate(row), problem(encoded)));
  }

  private String problem(EncodedExample encoded) {
    if (encoded instanceof EncodedExample.Dropped dropped) {
      return String.format(
          "%s (%d tokens, limit %d)",
          dropped.reason() == EncodedExample.Reason.TOO_LONG
              ? "the row is too long"
              : "the row has nothing to learn within the limit",
          dropped.tokens(),
          encoder.maxLength());
    }
    return "the row is split into " + encoded.samples().size() + " samples";
  }

  @Override
  public double weight(int row) {
    return dataset.weight(row);
  }
}
