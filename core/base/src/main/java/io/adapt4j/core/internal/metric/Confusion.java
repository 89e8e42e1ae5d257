package io.adapt4j.core.internal.metric;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Confusion matrix of a single-label classifier. Not thread-safe. */
public final class Confusion {

  private static final int WORST = 20;

  private final List<String> labels;
  private final long[][] counts;

  /** Creates an empty matrix. */
  public Confusion(List<String> labels) {
    this.labels = List.copyOf(labels);
    this.counts = new long[this.labels.size()][this.labels.size()];
  }

  /** A pair of confused classes with its count. */
  public record Mistake(String truth, String predicted, long count) {}

  public void add(int truth, int predicted) {
    counts[truth][predicted]++;
  }

  /** Adds the counts of another matrix. */
  public void addAll(Confusion other) {
    for (int i = 0; i < counts.length; i++) {
      for (int j = 0; j < counts.length; j++) {
        counts[i][j] += other.counts[i][j];
      }
    }
  }

  /** Returns how often a class was predicted for another. */
  public long count(int truth, int predicted) {
    return counts[truth][predicted];
  }

  /** Returns the share of correct predictions: from 0 to 1; 0 if nothing was counted. */
  public double accuracy() {
    long right = 0;
    long all = 0;
    for (int i = 0; i < counts.length; i++) {
      right += counts[i][i];
      for (long count : counts[i]) {
        all += count;
      }
    }
    return all == 0 ? 0 : (double) right / all;
  }

  public ClassTable table() {
    List<Counts> table = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      long wrong = 0;
      long missed = 0;
      for (int j = 0; j < counts.length; j++) {
        wrong += j == i ? 0 : counts[j][i];
        missed += j == i ? 0 : counts[i][j];
      }
      table.add(new Counts(counts[i][i], wrong, missed));
    }
    return new ClassTable(labels, table);
  }

  /** Returns the most frequent mistakes. */
  public List<Mistake> worst(int limit) {
    List<Mistake> mistakes = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      for (int j = 0; j < counts.length; j++) {
        if (i != j && counts[i][j] > 0) {
          mistakes.add(new Mistake(labels.get(i), labels.get(j), counts[i][j]));
        }
      }
    }
    mistakes.sort(Comparator.comparingLong(Mistake::count).reversed());
    return List.copyOf(mistakes.subList(0, Math.min(limit, mistakes.size())));
  }

  /** Formats the metrics of the classes and the most frequent mistakes. */
  public String text() {
    StringBuilder text = new StringBuilder(table().text());
    text.append(String.format("%nMost frequent mistakes (true class, taken for)%n"));
    for (Mistake mistake : worst(WORST)) {
      text.append(
          String.format(
              Locale.ROOT, "%6d  %s, %s%n", mistake.count(), mistake.truth(), mistake.predicted()));
    }
    return text.toString();
  }

  /**
   * Writes everything as JSON: {@code classes}, {@code worst}, and {@code matrix} with a row for
   * each true class and a column for each predicted one.
   */
  public void json(ObjectNode into) {
    into.set("classes", table().json());
    ArrayNode mistakes = into.putArray("worst");
    for (Mistake mistake : worst(WORST)) {
      mistakes
          .addObject()
          .put("truth", mistake.truth())
          .put("predicted", mistake.predicted())
          .put("count", mistake.count());
    }
    ArrayNode matrix = into.putArray("matrix");
    for (long[] row : counts) {
      ArrayNode cells = matrix.addArray();
      for (long count : row) {
        cells.add(count);
      }
    }
  }
}
