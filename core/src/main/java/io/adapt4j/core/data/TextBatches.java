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
  private final int paddingId;
  private final Arrangement arrangement;

  private TextBatches(TextRows rows, int paddingId, Arrangement arrangement) {
    this.rows = rows;
    this.paddingId = paddingId;
    this.arrangement = arrangement;
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
    return new TextBatches(
        rows, paddingId, new InOrder(rows.lengths().length, batchSize, EpochOrder.UNSHUFFLED));
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
    return new TextBatches(
        rows, paddingId, new ByLength(rows.lengths(), batchSize, new EpochOrder(true, seed)));
  }

  @Override
  public int count() {
    return arrangement.count();
  }

  @Override
  public Iterator<TextBatch> epoch(int epoch, int firstBatch) {
    if (epoch < 0) {
      throw new IllegalArgumentException("epoch must be at least 0, found " + epoch);
    }
    Objects.checkIndex(firstBatch, count() + 1);
    return new Epoch(arrangement.epoch(epoch), firstBatch);
  }

  private final class Epoch implements Iterator<TextBatch> {

    private final Arrangement.Epoch batches;
    private int next;

    Epoch(Arrangement.Epoch batches, int next) {
      this.batches = batches;
      this.next = next;
    }

    @Override
    public boolean hasNext() {
      return next < count();
    }

    @Override
    public TextBatch next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the epoch has " + count() + " batches");
      }
      return batch(Arrangement.single(batches.batch(next++)));
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
