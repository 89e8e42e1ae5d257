package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.data.ArrangedBatches;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.SequentialBatches;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.ArrayList;
import java.util.List;

/**
 * Batches of queries and passages. They are not sorted by length, since the composition of a batch
 * determines the negatives. Rows are read and tokenized one batch at a time.
 */
public final class EmbeddingBatches {

  private EmbeddingBatches() {}

  /** Returns batches of rows. */
  public static BatchSource<EmbeddingBatch> of(
      EmbeddingRows rows, int batchSize, int paddingId, EpochOrder order) {
    return ArrangedBatches.single(
        new SequentialBatches(rows.size(), batchSize, order),
        chosen -> batch(rows, paddingId, chosen));
  }

  private static EmbeddingBatch batch(EmbeddingRows rows, int paddingId, int[] chosen) {
    List<int[]> queries = new ArrayList<>();
    List<int[]> passages = new ArrayList<>();
    List<int[]> negatives = new ArrayList<>();
    int[] queryNumbers = new int[chosen.length];
    List<Integer> passageNumbers = new ArrayList<>();
    List<Integer> negativeNumbers = new ArrayList<>();
    float[] weights = new float[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      EmbeddingSample sample = rows.sample(chosen[i]);
      EmbeddingRows.Numbers numbers = rows.numbers(chosen[i]);
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
    return new EmbeddingBatch(
        Batch.padded(queries, paddingId),
        Batch.padded(passages, paddingId),
        queryNumbers,
        numbers,
        excluded(rows, queryNumbers, numbers),
        weights);
  }

  private static boolean[] excluded(EmbeddingRows rows, int[] queries, int[] passages) {
    boolean[] excluded = new boolean[queries.length * passages.length];
    for (int i = 0; i < queries.length; i++) {
      for (int j = 0; j < passages.length; j++) {
        excluded[i * passages.length + j] = i != j && rows.answers(queries[i], passages[j]);
      }
    }
    return excluded;
  }
}
