package io.adapt4j.core.internal.data;

/** Strategy for grouping samples into batches. */
public enum Batching {
  /** One sample per row in the order of the epoch, padded to the longest of the batch. */
  PADDED,
  /**
   * One sample per row, samples of similar lengths in a batch, which saves padding but makes
   * batches less representative than random ones.
   */
  BY_LENGTH,
  /**
   * Several samples per row, up to the encoder's limit. Attention, positions and targets stay
   * within each sample, so loss and gradients equal those of unpacked samples. A batch holds more
   * samples than it has rows.
   */
  PACKED
}
