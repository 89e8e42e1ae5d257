package io.adapt4j.core.internal.data;

/** How samples are put together into batches. */
public enum Batching {
  /** One sample a row, in the order of the epoch, filled up to the longest of the batch. */
  PADDED,
  /**
   * One sample a row, samples of similar lengths in a batch, so that less is filled up. Batches are
   * then less alike than chance would have them.
   */
  BY_LENGTH,
  /**
   * Several samples a row, up to the encoder's limit. Attention, positions and targets stay inside
   * each sample, so loss and gradients are those of the samples in rows of their own. A batch of so
   * many rows holds more samples than without packing.
   */
  PACKED
}
