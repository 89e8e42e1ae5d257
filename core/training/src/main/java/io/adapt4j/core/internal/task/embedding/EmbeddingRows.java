package io.adapt4j.core.internal.task.embedding;

import com.google.common.collect.HashMultimap;
import com.google.common.collect.SetMultimap;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.RowMask;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Queries with passages to train on. Equal texts share an id, so that a passage that answers a
 * query in one row is never a negative for it in another.
 */
public final class EmbeddingRows {

  private final EncodedRows<EmbeddingSample> rows;
  private final List<Numbers> numbers = new ArrayList<>();
  private final SetMultimap<Integer, Integer> answers = HashMultimap.create();

  /** The samples of each query. */
  private final SetMultimap<Integer, Integer> queries = HashMultimap.create();

  /** The ids of a row's texts. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Numbers(int query, int[] passages, boolean masked) {}

  /** Tokenizes a dataset once. */
  public EmbeddingRows(Dataset dataset, EmbeddingEncoder encoder) {
    this(dataset, RowMask.NONE, encoder, 0);
  }

  /** Tokenizes a dataset once and masks some rows, which then are no negatives either. */
  EmbeddingRows(Dataset dataset, RowMask mask, EmbeddingEncoder encoder, int paddingId) {
    Map<IntBuffer, Integer> known = new HashMap<>();
    EncodedRows.Masking<EmbeddingSample> masking =
        new EncodedRows.Masking<>(
            mask, 2, encoder.options().maxLength(), lengths -> masked(lengths, paddingId));
    this.rows = EncodedRows.of(dataset, encoder, masking, sample -> add(sample, known));
  }

  private static EmbeddingSample masked(List<Integer> lengths, int paddingId) {
    List<int[]> texts = lengths.stream().map(length -> RowMask.padding(length, paddingId)).toList();
    return new EmbeddingSample(texts.get(0), texts.subList(1, texts.size()), true);
  }

  /**
   * Returns whether some rows have an effect on the batches with a sample: its own row, or one that
   * says of the same query which passages answer it.
   */
  boolean concerns(int sample, IntPredicate chosen) {
    return queries.get(numbers.get(sample).query()).stream()
        .anyMatch(number -> chosen.test(rows.row(number)));
  }

  private void add(EmbeddingSample sample, Map<IntBuffer, Integer> known) {
    int query = number(sample.query(), known);
    int[] passages = sample.passages().stream().mapToInt(ids -> number(ids, known)).toArray();
    queries.put(query, numbers.size());
    numbers.add(new Numbers(query, passages, sample.masked()));
    if (!sample.masked()) {
      answers.put(query, passages[0]);
    }
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
    List<Integer> owners = new ArrayList<>(IntStream.range(0, chosen.length).boxed().toList());
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
        owners.add(i);
      }
    }
    passages.addAll(negatives);
    passageNumbers.addAll(negativeNumbers);
    int[] all = passageNumbers.stream().mapToInt(Integer::intValue).toArray();
    return new EmbeddingBatch(
        Batch.padded(queries, paddingId),
        Batch.padded(passages, paddingId),
        excluded(queryNumbers, all, column -> owners.get(column), chosen),
        weights,
        queryNumbers,
        all);
  }

  private boolean[] excluded(
      int[] queryNumbers, int[] passages, IntUnaryOperator owner, int[] chosen) {
    boolean[] excluded = new boolean[queryNumbers.length * passages.length];
    for (int j = 0; j < passages.length; j++) {
      int own = owner.applyAsInt(j);
      boolean masked = numbers.get(chosen[own]).masked();
      for (int i = 0; i < queryNumbers.length; i++) {
        boolean answers = i != j && this.answers.containsEntry(queryNumbers[i], passages[j]);
        excluded[i * passages.length + j] = answers || (masked && i != own);
      }
    }
    return excluded;
  }
}
