package io.adapt4j.core.internal.data;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.IntPredicate;

/** Rows of a task in batches, which are made on demand. */
public final class RowBatches<B> {

  private final EncodingReport report;
  private final int[] lengths;
  private final Maker<B> maker;
  private final boolean byLength;
  private final MaskableSamples samples;

  private RowBatches(
      EncodingReport report,
      int[] lengths,
      Maker<B> maker,
      boolean byLength,
      MaskableSamples samples) {
    this.samples = samples;
    this.report = report;
    this.lengths = lengths;
    this.maker = maker;
    this.byLength = byLength;
  }

  /** Factory of batches. */
  @FunctionalInterface
  public interface Maker<B> {

    /** Makes the batch of some samples; if batches are not shuffled, the epoch is always 0. */
    B make(int epoch, int[] samples);
  }

  public static <B> RowBatches<B> of(
      EncodingReport report, int[] lengths, Maker<B> maker, MaskableSamples samples) {
    return new RowBatches<>(report, lengths, maker, false, samples);
  }

  /** Returns these rows with samples of similar lengths in a batch. */
  public RowBatches<B> groupedByLength() {
    return new RowBatches<>(report, lengths, maker, true, samples);
  }

  /** Returns some of the samples, with the report of all. */
  public RowBatches<B> subset(int[] samples) {
    return new RowBatches<>(
        report,
        Arrays.stream(samples).map(sample -> lengths[sample]).toArray(),
        (epoch, chosen) ->
            maker.make(epoch, Arrays.stream(chosen).map(number -> samples[number]).toArray()),
        byLength,
        this.samples);
  }

  /** {@return the encoding report} */
  public EncodingReport report() {
    return report;
  }

  /** {@return the number of samples} */
  public int size() {
    return lengths.length;
  }

  /** {@return all the samples, also those that a subset leaves out} */
  public MaskableSamples samples() {
    return samples;
  }

  /** Returns the samples in the order of the data. */
  public BatchSource<B> inOrder(int batchSize) {
    return source(new SequentialBatches(lengths.length, batchSize, EpochOrder.UNSHUFFLED), false);
  }

  /** Returns the samples reshuffled every epoch. */
  public BatchSource<B> shuffled(int batchSize, long seed) {
    return source(shuffledSampler(batchSize, seed), true);
  }

  /** Returns the first shuffled batch with one of some samples; empty if none has. */
  public OptionalInt firstWith(IntPredicate sample, int batchSize, long seed) {
    return shuffledSampler(batchSize, seed).firstWith(sample);
  }

  private BatchSampler shuffledSampler(int batchSize, long seed) {
    EpochOrder order = new EpochOrder(/* shuffled= */ true, seed);
    return byLength
        ? new LengthGroupedBatches(lengths, batchSize, order)
        : new SequentialBatches(lengths.length, batchSize, order);
  }

  /** Returns the samples longest first. */
  public BatchSource<B> longestFirst(int batchSize) {
    return source(new LengthGroupedBatches(lengths, batchSize, EpochOrder.UNSHUFFLED), false);
  }

  private BatchSource<B> source(BatchSampler sampler, boolean shuffled) {
    return new ArrangedBatches<>(
        sampler,
        (epoch, number, rows) -> maker.make(shuffled ? epoch : 0, BatchSampler.single(rows)));
  }
}
