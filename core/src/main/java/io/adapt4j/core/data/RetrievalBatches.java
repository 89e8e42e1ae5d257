package io.adapt4j.core.data;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;

/**
 * Batches of queries and passages. Which of them meet in a batch decides what is learned, so that
 * they are not sorted by length. Rows are read and tokenised one batch at a time. Immutable; each
 * iterator is for one thread.
 */
public final class RetrievalBatches implements BatchSource<RetrievalBatch> {

  private final RetrievalRows rows;
  private final int paddingId;
  private final Arrangement arrangement;

  private RetrievalBatches(RetrievalRows rows, int paddingId, Arrangement arrangement) {
    this.rows = rows;
    this.paddingId = paddingId;
    this.arrangement = arrangement;
  }

  /**
   * Takes the rows in their order.
   *
   * @param rows the rows, at least one
   * @param batchSize queries in a batch, at least 1
   * @param paddingId the id to fill with
   * @return the batches
   */
  public static RetrievalBatches inOrder(RetrievalRows rows, int batchSize, int paddingId) {
    return new RetrievalBatches(
        rows, paddingId, new InOrder(rows.size(), batchSize, EpochOrder.UNSHUFFLED));
  }

  /**
   * Takes the rows of every epoch in an order of its own.
   *
   * @param rows the rows, at least one
   * @param batchSize queries in a batch, at least 1
   * @param paddingId the id to fill with
   * @param seed seed of the orders
   * @return the batches
   */
  public static RetrievalBatches shuffled(
      RetrievalRows rows, int batchSize, int paddingId, long seed) {
    return new RetrievalBatches(
        rows, paddingId, new InOrder(rows.size(), batchSize, new EpochOrder(true, seed)));
  }

  @Override
  public int count() {
    return arrangement.count();
  }

  @Override
  public Iterator<RetrievalBatch> epoch(int epoch, int firstBatch) {
    if (epoch < 0) {
      throw new IllegalArgumentException("epoch must be at least 0, found " + epoch);
    }
    Objects.checkIndex(firstBatch, count() + 1);
    return new Epoch(arrangement.epoch(epoch), firstBatch);
  }

  private final class Epoch implements Iterator<RetrievalBatch> {

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
    public RetrievalBatch next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the epoch has " + count() + " batches");
      }
      return batch(Arrangement.single(batches.batch(next++)));
    }
  }

  private RetrievalBatch batch(int[] chosen) {
    List<int[]> queries = new ArrayList<>();
    List<int[]> passages = new ArrayList<>();
    List<int[]> negatives = new ArrayList<>();
    int[] queryNumbers = new int[chosen.length];
    List<Integer> passageNumbers = new ArrayList<>();
    List<Integer> negativeNumbers = new ArrayList<>();
    float[] weights = new float[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      RetrievalSample sample = rows.sample(chosen[i]);
      RetrievalRows.Numbers numbers = rows.numbers(chosen[i]);
      queries.add(sample.query());
      queryNumbers[i] = numbers.query();
      passages.add(sample.passages().get(0));
      passageNumbers.add(numbers.passages()[0]);
      for (int j = 1; j < sample.passages().size(); j++) {
        negatives.add(sample.passages().get(j));
        negativeNumbers.add(numbers.passages()[j]);
      }
      weights[i] = (float) rows.weight(chosen[i]);
    }
    passages.addAll(negatives);
    passageNumbers.addAll(negativeNumbers);
    int[] numbers = passageNumbers.stream().mapToInt(Integer::intValue).toArray();
    return new RetrievalBatch(
        PaddedTexts.of(queries, paddingId),
        PaddedTexts.of(passages, paddingId),
        queryNumbers,
        numbers,
        excluded(queryNumbers, numbers),
        weights);
  }

  private boolean[] excluded(int[] queries, int[] passages) {
    boolean[] excluded = new boolean[queries.length * passages.length];
    for (int i = 0; i < queries.length; i++) {
      for (int j = 0; j < passages.length; j++) {
        excluded[i * passages.length + j] = i != j && rows.answers(queries[i], passages[j]);
      }
    }
    return excluded;
  }
}
