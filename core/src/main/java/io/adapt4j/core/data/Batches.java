package io.adapt4j.core.data;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;

/**
 * Cuts a dataset into batches, epoch by epoch. Rows are read and tokenized one batch at a time.
 *
 * <p>The batches of an epoch depend only on the dataset, the encoder, the options and the epoch, so
 * a run can go on from any batch of any epoch. When shuffled, an epoch's order is a Fisher-Yates
 * permutation drawn by SplitMix64 from seed and epoch; it is the same on every machine. The last
 * batch of an epoch may be smaller.
 *
 * <p>Immutable; each iterator is for one thread.
 */
public final class Batches implements BatchSource<Batch> {

  private final Dataset dataset;
  private final ExampleEncoder encoder;
  private final int batchSize;
  private final boolean shuffle;
  private final long seed;
  private final PaddingSide paddingSide;
  private final int padToMultipleOf;

  private Batches(Builder builder) {
    this.dataset = builder.dataset;
    this.encoder = builder.encoder;
    this.batchSize = builder.batchSize;
    this.shuffle = builder.shuffle;
    this.seed = builder.seed;
    this.paddingSide = builder.paddingSide;
    this.padToMultipleOf = builder.padToMultipleOf;
  }

  /**
   * Starts from a dataset whose rows can all be trained on, as {@link
   * ExampleEncoder#filter(Dataset)} gives it.
   *
   * @param dataset the rows, at least one
   * @param encoder turns rows into samples
   * @return a builder
   * @throws IllegalArgumentException if the dataset is empty
   */
  public static Builder of(Dataset dataset, ExampleEncoder encoder) {
    return new Builder(dataset, encoder);
  }

  /** Options of batches. */
  public static final class Builder {

    private static final int DEFAULT_BATCH_SIZE = 8;

    private final Dataset dataset;
    private final ExampleEncoder encoder;
    private int batchSize = DEFAULT_BATCH_SIZE;
    private boolean shuffle;
    private long seed;
    private PaddingSide paddingSide = PaddingSide.RIGHT;
    private int padToMultipleOf = 1;

    private Builder(Dataset dataset, ExampleEncoder encoder) {
      if (dataset.size() == 0) {
        throw new IllegalArgumentException(dataset.name() + ": no rows to make batches of");
      }
      this.dataset = dataset;
      this.encoder = encoder;
    }

    /**
     * Sets the number of samples in a batch. Default: 8.
     *
     * @param samples how many, at least 1
     * @return this
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder batchSize(int samples) {
      this.batchSize = requirePositive("batchSize", samples);
      return this;
    }

    /**
     * Takes the rows of every epoch in an order of its own. Default: the order of the dataset.
     *
     * @param orderSeed seed of the orders
     * @return this
     */
    public Builder shuffle(long orderSeed) {
      this.shuffle = true;
      this.seed = orderSeed;
      return this;
    }

    /**
     * Sets where rows are filled. Default: {@link PaddingSide#RIGHT}.
     *
     * @param side where to fill
     * @return this
     */
    public Builder paddingSide(PaddingSide side) {
      this.paddingSide = side;
      return this;
    }

    /**
     * Rounds the length of batches up to a multiple, but never beyond the encoder's limit. Default:
     * 1, the length of the longest sample.
     *
     * @param multiple in tokens, at least 1
     * @return this
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder padToMultipleOf(int multiple) {
      this.padToMultipleOf = requirePositive("padToMultipleOf", multiple);
      return this;
    }

    /**
     * Builds the batches; nothing is read yet.
     *
     * @return the batches
     */
    public Batches build() {
      return new Batches(this);
    }

    private static int requirePositive(String name, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " must be at least 1, found " + value);
      }
      return value;
    }
  }

  /** Rows divided by batch size, rounded up. */
  @Override
  public int count() {
    return (dataset.size() - 1) / batchSize + 1;
  }

  /** Rows before the first batch asked for are neither read nor tokenized. */
  @Override
  public Iterator<Batch> epoch(int epoch, int firstBatch) {
    if (epoch < 0) {
      throw new IllegalArgumentException("epoch must be at least 0, found " + epoch);
    }
    Objects.checkIndex(firstBatch, count() + 1);
    return new Epoch(shuffle ? Shuffle.permutation(dataset.size(), seed, epoch) : null, firstBatch);
  }

  private final class Epoch implements Iterator<Batch> {

    /** Null stands for the order of the dataset. */
    private final int[] order;

    private int next;

    Epoch(int[] order, int next) {
      this.order = order;
      this.next = next;
    }

    @Override
    public boolean hasNext() {
      return next < count();
    }

    @Override
    public Batch next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the epoch has " + count() + " batches");
      }
      int from = next * batchSize;
      int to = (int) Math.min((long) from + batchSize, dataset.size());
      List<TrainingSample> samples = new ArrayList<>(to - from);
      for (int i = from; i < to; i++) {
        samples.add(sample(order == null ? i : order[i]));
      }
      next++;
      return Batch.ofLength(length(samples), samples, encoder.paddingId(), paddingSide);
    }
  }

  private TrainingSample sample(int row) {
    EncodedExample encoded = encoder.encodeRow(dataset, row);
    if (encoded instanceof EncodedExample.Kept kept) {
      return kept.sample();
    }
    EncodedExample.Dropped dropped = (EncodedExample.Dropped) encoded;
    throw new DatasetException(
        String.format(
            "%s: %s (%d tokens, limit %d). Give batches only the rows that ExampleEncoder.filter"
                + " keeps.",
            dataset.locate(row),
            dropped.reason() == EncodedExample.Reason.TOO_LONG
                ? "the row is too long"
                : "the row has nothing to learn within the limit",
            dropped.tokens(),
            encoder.maxLength()));
  }

  private int length(List<TrainingSample> samples) {
    int longest = samples.stream().mapToInt(TrainingSample::length).max().orElse(0);
    long rounded = ((longest - 1L) / padToMultipleOf + 1) * padToMultipleOf;
    return (int) Math.min(rounded, encoder.maxLength());
  }
}
