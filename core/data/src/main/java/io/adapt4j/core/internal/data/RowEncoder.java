package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;

/** Encoder of a task's rows. Deterministic and thread-safe. */
@FunctionalInterface
public interface RowEncoder<S extends Sample> {

  /** Encodes a row; an error names the row. */
  EncodedRow<S> encode(Dataset dataset, int row);

  default S sample(Dataset dataset, int row, int part) {
    return encode(dataset, row).samples().get(part);
  }
}
