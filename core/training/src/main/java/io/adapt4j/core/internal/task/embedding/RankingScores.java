package io.adapt4j.core.internal.task.embedding;

import com.google.common.collect.HashMultimap;
import com.google.common.collect.SetMultimap;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * MRR and accuracy of each query's passage among the passages of all batches, excluding others that
 * answer the query. Ties count against it. Vectors may be truncated to their first entries.
 */
final class RankingScores {

  static final String MRR = "mrr";
  static final String ACCURACY = "accuracy";

  /** Returns the name of a metric of truncated vectors. */
  static String named(String metric, int dimension) {
    return metric + "_" + dimension;
  }

  /** Number of queries compared with all passages at once. */
  private static final int BLOCK = 256;

  /** Minimum norm for normalization. */
  private static final double LEAST_LENGTH = 1e-12;

  private final int dimension;
  private final List<float[]> queries = new ArrayList<>();
  private final List<Integer> queryNumbers = new ArrayList<>();
  private final List<Integer> own = new ArrayList<>();
  private final SetMultimap<Integer, Integer> answers = HashMultimap.create();
  private final Map<Integer, Integer> columns = new HashMap<>();
  private final List<float[]> passages = new ArrayList<>();

  /** Uses full vectors. */
  RankingScores() {
    this(0);
  }

  /** Truncates and renormalizes vectors. */
  RankingScores(int dimension) {
    this.dimension = dimension;
  }

  void add(EmbeddingBatch batch, RankingLoss.Scored scored) {
    int width = scored.queries().length / batch.size();
    for (int j = 0; j < batch.passageNumbers().length; j++) {
      if (columns.putIfAbsent(batch.passageNumbers()[j], passages.size()) == null) {
        passages.add(vector(scored.passages(), j, width));
      }
    }
    for (int i = 0; i < batch.size(); i++) {
      int column = columns.get(batch.passageNumbers()[i]);
      queries.add(vector(scored.queries(), i, width));
      queryNumbers.add(batch.queryNumbers()[i]);
      own.add(column);
      answers.put(batch.queryNumbers()[i], column);
    }
  }

  private float[] vector(float[] values, int row, int width) {
    if (dimension == 0 || dimension >= width) {
      return row(values, row, width);
    }
    float[] cut = Arrays.copyOfRange(values, row * width, row * width + dimension);
    double squares = 0;
    for (float value : cut) {
      squares += (double) value * value;
    }
    double length = Math.max(Math.sqrt(squares), LEAST_LENGTH);
    for (int i = 0; i < cut.length; i++) {
      cut[i] = (float) (cut[i] / length);
    }
    return cut;
  }

  private static float[] row(float[] values, int row, int width) {
    return Arrays.copyOfRange(values, row * width, (row + 1) * width);
  }

  Map<String, Double> metrics() {
    double reciprocal = 0;
    int first = 0;
    try (Scope scope = Scope.open()) {
      Tensor all = matrix(passages).transposed();
      for (int from = 0; from < queries.size(); from += BLOCK) {
        List<float[]> block = queries.subList(from, Math.min(from + BLOCK, queries.size()));
        try (Scope inner = Scope.open()) {
          float[] scores = matrix(block).times(all).toFloats();
          for (int i = 0; i < block.size(); i++) {
            int rank = rank(from + i, row(scores, i, passages.size()));
            reciprocal += 1.0 / rank;
            first += rank == 1 ? 1 : 0;
          }
        }
      }
    }
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put(name(MRR), reciprocal / queries.size());
    metrics.put(name(ACCURACY), (double) first / queries.size());
    return metrics;
  }

  private String name(String metric) {
    return dimension == 0 ? metric : named(metric, dimension);
  }

  private static Tensor matrix(List<float[]> rows) {
    int width = rows.get(0).length;
    float[] values = new float[rows.size() * width];
    for (int row = 0; row < rows.size(); row++) {
      System.arraycopy(rows.get(row), 0, values, row * width, width);
    }
    return Tensor.of(values, rows.size(), width);
  }

  private int rank(int query, float[] scores) {
    Set<Integer> right = answers.get(queryNumbers.get(query));
    int rank = 1;
    for (int column = 0; column < scores.length; column++) {
      boolean better = scores[column] >= scores[own.get(query)];
      rank += better && !right.contains(column) ? 1 : 0;
    }
    return rank;
  }
}
