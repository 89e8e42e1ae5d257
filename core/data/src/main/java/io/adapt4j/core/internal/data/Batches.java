package io.adapt4j.core.internal.data;

import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/**
 * Batches of a dataset, epoch by epoch. Samples are encoded one batch at a time.
 *
 * <p>The batches of an epoch depend only on the dataset, the encoder, the options and the epoch, so
 * a run can resume at any batch of any epoch. When shuffled, an epoch's order is a Fisher-Yates
 * permutation drawn by SplitMix64 from seed and epoch; it is the same on every machine. The last
 * batch of an epoch may be smaller.
 *
 * <p>{@link Batching} decides which samples share a batch.
 *
 * <p>Immutable; each iterator is for one thread.
 */
public final class Batches implements BatchSource<Batch> {

  private final Samples samples;
  private final BatchSampler sampler;
  private final BatchSource<Batch> arranged;
  private final BatchSource<Batch> first;
  private final boolean packed;
  private final int paddingId;
  private final int maxLength;
  private final int[] sources;

  private Batches(Builder builder, BatchSampler batchSampler) {
    this.samples = builder.samples;
    this.sampler = batchSampler;
    this.arranged =
        new ArrangedBatches<>(
            batchSampler,
            (epoch, number, rows) ->
                batch(rows, builder.own.test(number) ? samples::get : samples::outline));
    this.first =
        new ArrangedBatches<>(batchSampler, (epoch, number, rows) -> batch(rows, samples::get));
    this.packed = builder.batching == Batching.PACKED;
    this.paddingId = builder.encoder.paddingId();
    this.maxLength = builder.encoder.maxLength();
    this.sources = builder.sources;
  }

  /** Starts from rows that can be trained on. */
  public static Builder of(EncodableRows rows) {
    return new Builder(rows.samples());
  }

  /** Options of batches. */
  public static final class Builder {

    private static final int DEFAULT_BATCH_SIZE = 8;

    private final Samples samples;
    private final ExampleEncoder encoder;
    private Batching batching = Batching.PADDED;
    private int batchSize = DEFAULT_BATCH_SIZE;
    private boolean shuffle;
    private long seed;
    private IntPredicate own = number -> true;
    private int[] sources = {};

    private Builder(Samples samples) {
      if (samples.size() == 0) {
        throw new IllegalArgumentException(samples.name() + ": no rows to make batches of");
      }
      this.samples = samples;
      this.encoder = samples.encoder();
    }

    /** Sets the number of rows in a batch: samples, unless they are packed. Default: 8. */
    public Builder batchSize(int rows) {
      this.batchSize = requirePositive("batchSize", rows);
      return this;
    }

    /** Shuffles the rows in every epoch. Default: the order of the dataset. */
    public Builder shuffle(long orderSeed) {
      this.shuffle = true;
      this.seed = orderSeed;
      return this;
    }

    /**
     * Sets how samples are grouped into batches. Default: {@link Batching#PADDED}. Without
     * shuffling, {@link Batching#BY_LENGTH} puts the longest samples first.
     */
    public Builder batching(Batching way) {
      this.batching = way;
      return this;
    }

    /**
     * Makes only the batches that this process computes. Those of the other processes are
     * placeholders with the same numbers of tokens and targets, for which nothing is read.
     */
    public Builder among(Peers peers, int microBatches) {
      this.own = number -> number % microBatches % peers.size() == peers.rank();
      return this;
    }

    /** Marks the tokens of each sample with the number of a file. Default: without. */
    public Builder from(int[] files) {
      this.sources = files;
      return this;
    }

    /** Builds the batches; nothing is read yet. */
    public Batches build() {
      return new Batches(this, batchSampler());
    }

    private BatchSampler batchSampler() {
      EpochOrder order = new EpochOrder(shuffle, seed);
      if (batching == Batching.PADDED) {
        return new SequentialBatches(samples.size(), batchSize, order);
      }
      return batching == Batching.PACKED
          ? new PackedBatches(samples.lengths(), encoder.maxLength(), batchSize, order)
          : new LengthGroupedBatches(samples.lengths(), batchSize, order);
    }

    private static int requirePositive(String name, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " must be at least 1, found " + value);
      }
      return value;
    }
  }

  /** Returns the number of rows (packed rows or samples) divided by the batch size, rounded up. */
  @Override
  public int count() {
    return arranged.count();
  }

  /** Samples before the first requested batch are not encoded. */
  @Override
  public Iterator<Batch> epoch(int epoch, int firstBatch) {
    return arranged.epoch(epoch, firstBatch);
  }

  public Samples samples() {
    return samples;
  }

  /** Returns the first batch of the first epoch with a sample of some rows; empty if none has. */
  public OptionalInt firstWith(IntPredicate rows) {
    return sampler.firstWith(sample -> rows.test(samples.row(sample)));
  }

  /** The same on every process. */
  @Override
  public Batch any() {
    return first.any();
  }

  private Batch batch(int[][] numbers, IntFunction<TrainingSample> sample) {
    List<List<TrainingSample>> rows =
        Arrays.stream(numbers).map(row -> Arrays.stream(row).mapToObj(sample).toList()).toList();
    Collator filler = new Collator(rows.size(), length(rows), paddingId);
    for (int row = 0; row < numbers.length; row++) {
      for (int i = 0; i < numbers[row].length; i++) {
        TrainingSample laid = rows.get(row).get(i);
        double weight = samples.weight(numbers[row][i]);
        if (packed) {
          filler.pack(row, laid, weight);
        } else {
          filler.add(row, laid, PaddingSide.RIGHT, weight);
        }
        if (sources.length > 0) {
          filler.from(row, sources[numbers[row][i]]);
        }
      }
    }
    return packed ? filler.packed() : filler.padded();
  }

  private int length(List<List<TrainingSample>> rows) {
    int longest =
        rows.stream()
            .mapToInt(row -> row.stream().mapToInt(TrainingSample::length).sum())
            .max()
            .orElse(0);
    return Math.min(longest, maxLength);
  }
}
