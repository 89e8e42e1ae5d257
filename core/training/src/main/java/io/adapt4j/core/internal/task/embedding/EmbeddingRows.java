package io.adapt4j.core.internal.task.embedding;

import com.google.common.collect.HashMultimap;
import com.google.common.collect.SetMultimap;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Queries with passages to train on. Equal texts share an id, so that a passage that answers a
 * query in one row is never a negative for it in another.
 */
public final class EmbeddingRows {

  private final EncodedRows<EmbeddingSample> rows;
  private final List<Numbers> numbers = new ArrayList<>();
  private final SetMultimap<Integer, Integer> answers = HashMultimap.create();

  /** The ids of a row's texts. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Numbers(int query, int[] passages) {}

  /** Tokenizes a dataset once. */
  public EmbeddingRows(Dataset dataset, EmbeddingEncoder encoder) {
    Map<IntBuffer, Integer> known = new HashMap<>();
    this.rows = EncodedRows.of(dataset, encoder, sample -> add(sample, known));
  }

  private void add(EmbeddingSample sample, Map<IntBuffer, Integer> known) {
    int query = number(sample.query(), known);
    int[] passages = sample.passages().stream().mapToInt(ids -> number(ids, known)).toArray();
    numbers.add(new Numbers(query, passages));
    answers.put(query, passages[0]);
  }

  private static int number(int[] ids, Map<IntBuffer, Integer> known) {
    int next = known.size();
    Integer present = known.putIfAbsent(IntBuffer.wrap(ids), next);
    return present == null ? next : present;
  }

  /** Returns the maximum number of texts in a row. */
  public int mostTexts() {
    return 1 + numbers.stream().mapToInt(number -> number.passages().length).max().orElse(0);
  }

  /**
   * Returns the rows in batches. They are not sorted by length, since the composition of a batch
   * determines the negatives.
   */
  public RowBatches<EmbeddingBatch> batches(int paddingId) {
    return rows.collated((samples, weights, chosen) -> batch(samples, weights, chosen, paddingId));
  }

  private EmbeddingBatch batch(
      List<EmbeddingSample> samples, float[] weights, int[] chosen, int paddingId) {
    List<int[]> queries = new ArrayList<>();
    List<int[]> passages = new ArrayList<>();
    List<int[]> negatives = new ArrayList<>();
    int[] queryNumbers = new int[chosen.length];
    List<Integer> passageNumbers = new ArrayList<>();
    List<Integer> negativeNumbers = new ArrayList<>();
    for (int i = 0; i < chosen.length; i++) {
      EmbeddingSample sample = samples.get(i);
      Numbers own = numbers.get(chosen[i]);
      queries.add(sample.query());
      queryNumbers[i] = own.query();
      passages.add(sample.passages().get(0));
      passageNumbers.add(own.passages()[0]);
      for (int j = 1; j < sample.passages().size(); j++) {
        negatives.add(sample.passages().get(j));
        negativeNumbers.add(own.passages()[j]);
      }
    }
    passages.addAll(negatives);
    passageNumbers.addAll(negativeNumbers);
    int[] all = passageNumbers.stream().mapToInt(Integer::intValue).toArray();
    return new EmbeddingBatch(
        Batch.padded(queries, paddingId),
        Batch.padded(passages, paddingId),
        excluded(queryNumbers, all),
        weights,
        queryNumbers,
        all);
  }

  private boolean[] excluded(int[] queries, int[] passages) {
    boolean[] excluded = new boolean[queries.length * passages.length];
    for (int i = 0; i < queries.length; i++) {
      for (int j = 0; j < passages.length; j++) {
        excluded[i * passages.length + j] =
            i != j && answers.containsEntry(queries[i], passages[j]);
      }
    }
    return excluded;
  }
}
