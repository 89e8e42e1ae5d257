package io.adapt4j.core.internal.task.embedding;

import com.google.common.collect.HashMultimap;
import com.google.common.collect.SetMultimap;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.EncodingReport;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Queries with passages to train on. Equal texts share an id, so that a passage that answers a
 * query in one row is never a negative for it in another.
 */
public final class EmbeddingRows {

  private final Dataset dataset;
  private final EmbeddingEncoder encoder;
  private final EncodingReport report;
  private final List<Numbers> numbers;
  private final SetMultimap<Integer, Integer> answers;
  private final int most;

  private EmbeddingRows(
      Dataset dataset, EmbeddingEncoder encoder, Collector collected, EncodingReport report) {
    this.dataset = dataset;
    this.encoder = encoder;
    this.report = report;
    this.numbers = List.copyOf(collected.numbers);
    this.answers = collected.answers;
    this.most = numbers.stream().mapToInt(number -> number.passages().length).max().orElse(0);
  }

  /** The ids of a row's texts. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Numbers(int query, int[] passages) {}

  /** Tokenizes a dataset once. */
  public static EmbeddingRows of(Dataset dataset, EmbeddingEncoder encoder) {
    Collector collector = new Collector();
    for (int row = 0; row < dataset.size(); row++) {
      collector.add(encoder.encodeRow(dataset, row), dataset.weight(row));
    }
    return new EmbeddingRows(dataset, encoder, collector, collector.report());
  }

  private static final class Collector {

    private final List<Numbers> numbers = new ArrayList<>();
    private final SetMultimap<Integer, Integer> answers = HashMultimap.create();
    private final Map<IntBuffer, Integer> known = new HashMap<>();
    private final MessageDigest digest = FileDigest.sha256();
    private int truncated;
    private int longest;
    private long tokens;

    void add(EmbeddingSample sample, double weight) {
      int query = number(sample.query());
      int[] passages = sample.passages().stream().mapToInt(this::number).toArray();
      numbers.add(new Numbers(query, passages));
      answers.put(query, passages[0]);
      truncated += sample.truncated() ? 1 : 0;
      longest = Math.max(longest, sample.longest());
      tokens += sample.tokens();
      FileDigest.update(digest, sample.query());
      sample.passages().forEach(ids -> FileDigest.update(digest, ids));
      digest.update(ByteBuffer.allocate(Double.BYTES).putDouble(weight).array());
    }

    private int number(int[] ids) {
      int next = known.size();
      Integer present = known.putIfAbsent(IntBuffer.wrap(ids), next);
      return present == null ? next : present;
    }

    EncodingReport report() {
      int rows = numbers.size();
      return EncodingReport.ofRows(rows, rows, truncated, tokens, rows, longest, digest);
    }
  }

  /** Returns the encoding report. */
  public EncodingReport report() {
    return report;
  }

  /** Returns the maximum number of texts in a row. */
  public int mostTexts() {
    return 1 + most;
  }

  int size() {
    return numbers.size();
  }

  EmbeddingSample sample(int row) {
    return encoder.encodeRow(dataset, row);
  }

  double weight(int row) {
    return dataset.weight(row);
  }

  Numbers numbers(int row) {
    return numbers.get(row);
  }

  /** Returns whether a passage answers a query in any row. */
  boolean answers(int query, int passage) {
    return answers.containsEntry(query, passage);
  }
}
