package io.adapt4j.core.internal.data;

import java.util.List;

/** Samples of a row; none if it is skipped. */
public record EncodedRow<S>(List<S> samples, RowFate fate) {

  /** Returns a row that is kept if it has something to learn. */
  public static <S extends Sample> EncodedRow<S> of(S sample, boolean truncated) {
    return sample.targets() > 0
        ? new EncodedRow<>(List.of(sample), truncated ? RowFate.TRUNCATED : RowFate.KEPT)
        : skipped(RowFate.NOTHING_TO_LEARN);
  }

  public S sample() {
    return samples.get(0);
  }

  public static <S> EncodedRow<S> skipped(RowFate reason) {
    return new EncodedRow<>(List.of(), reason);
  }
}
