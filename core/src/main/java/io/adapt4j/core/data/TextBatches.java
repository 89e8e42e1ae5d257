package io.adapt4j.core.data;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;

/**
 * Batches of texts with labels, of similar length when shuffled. Rows are read and tokenised one
 * batch at a time. Immutable; each iterator is for one thread.
 */
public final class TextBatches implements BatchSource<TextBatch> {

  private final TextRows rows;
  private final int batchSize;
  private final int paddingId;
  private final boolean shuffle;
  private final long seed;

  private TextBatches(TextRows rows, int batchSize, int paddingId, boolean shuffle, long seed) {
    this.rows = rows;
    this.batchSize = batchSize;
    this.paddingId = paddingId;
    this.shuffle = shuffle;
    this.seed = seed;
  }

  /**
   * Takes the rows in their order.
   *
   * @param rows the rows, at least one
   * @param batchSize texts in a batch, at least 1
   * @param paddingId the id to fill with
   * @return the batches
   */
  public static TextBatches inOrder(TextRows rows, int batchSize, int paddingId) {
    return new TextBatches(rows, batchSize, paddingId, false, 0);
  }

  /**
   * Takes the rows of every epoch in an order of its own.
   *
   * @param rows the rows, at least one
   * @param batchSize texts in a batch, at least 1
   * @param paddingId the id to fill with
   * @param seed seed of the orders
   * @return the batches
   */
  public static TextBatches shuffled(TextRows rows, int batchSize, int paddingId, long seed) {
    return new TextBatches(rows, batchSize, paddingId, true, seed);
  }

  @Override
  public int count() {
    return (rows.lengths().length - 1) / batchSize + 1;
  }

  @Override
  public Iterator<TextBatch> epoch(int epoch, int firstBatch) {
    if (epoch < 0) {
      throw new IllegalArgumentException("epoch must be at least 0, found " + epoch);
    }
    Objects.checkIndex(firstBatch, count() + 1);
    int[][] batches =
        shuffle
            ? LengthOrder.shuffled(rows.lengths(), batchSize, seed, epoch)
            : LengthOrder.plain(rows.lengths().length, batchSize);
    return new Epoch(batches, firstBatch);
  }

  private final class Epoch implements Iterator<TextBatch> {

    private final int[][] batches;
    private int next;

    Epoch(int[][] batches, int next) {
      this.batches = batches;
      this.next = next;
    }

    @Override
    public boolean hasNext() {
      return next < batches.length;
    }

    @Override
    public TextBatch next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the epoch has " + batches.length + " batches");
      }
      return batch(batches[next++]);
    }
  }

  private TextBatch batch(int[] chosen) {
    List<LabelledSample> samples = new ArrayList<>(chosen.length);
    float[] weights = new float[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      samples.add(rows.encoder().encodeRow(rows.dataset(), chosen[i]));
      weights[i] = (float) rows.dataset().weight(chosen[i]);
    }
    return TextBatch.of(samples, weights, paddingId);
  }
}
