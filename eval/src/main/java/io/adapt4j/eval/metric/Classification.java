package io.adapt4j.eval.metric;

import io.adapt4j.core.internal.metric.ClassTable;
import io.adapt4j.core.internal.metric.Confusion;
import io.adapt4j.core.internal.metric.Counts;
import io.adapt4j.eval.internal.metric.Rows;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Metrics of a classifier's decisions, equal to scikit-learn's with {@code zero_division=0} and all
 * {@code labels} given. Keeps one count per pair of classes.
 */
final class Classification {

  private final List<String> labels;
  private final Map<String, Integer> numbers = new HashMap<>();
  private final Confusion confusion;
  private long rows;

  /** Creates a metric without rows. */
  public Classification(List<String> labels) {
    if (labels.isEmpty()) {
      throw new IllegalArgumentException("labels are empty; name the classes");
    }
    this.labels = List.copyOf(labels);
    for (String label : this.labels) {
      if (numbers.put(label, numbers.size()) != null) {
        throw new IllegalArgumentException("Label \"" + label + "\" stands twice among the labels");
      }
    }
    this.confusion = new Confusion(this.labels);
  }

  public void add(String truth, String predicted) {
    int expected = number("true", truth);
    int given = number("predicted", predicted);
    confusion.add(expected, given);
    rows++;
  }

  private int number(String which, String label) {
    Integer number = numbers.get(label);
    if (number == null) {
      throw Rows.bad(
          rows + 1, "the " + which + " label \"" + label + "\" is none of the labels " + labels);
    }
    return number;
  }

  /** Adds all counts of another. */
  public void merge(Classification other) {
    Rows.sameSettings(labels, other.labels);
    confusion.addAll(other.confusion);
    rows += other.rows;
  }

  /** Returns how often one class was predicted for another. */
  public long count(String truth, String predicted) {
    return confusion.count(labels.indexOf(known(truth)), labels.indexOf(known(predicted)));
  }

  long support(String label) {
    return table().counts().get(labels.indexOf(known(label))).support();
  }

  private String known(String label) {
    if (!numbers.containsKey(label)) {
      throw new IllegalArgumentException("\"" + label + "\" is none of the labels " + labels);
    }
    return label;
  }

  public long rows() {
    return rows;
  }

  /** Returns the decisions class by class. */
  public ClassTable table() {
    return confusion.table();
  }

  /** Returns the most frequent mistakes. */
  public List<Confusion.Mistake> worst(int limit) {
    return confusion.worst(limit);
  }

  /** Returns the share of right predictions. */
  public double accuracy() {
    Rows.some("Accuracy", rows);
    return confusion.accuracy();
  }

  /** Returns the mean recall of the classes that occur. */
  public double balancedAccuracy() {
    Rows.some("Balanced accuracy", rows);
    return table().counts().stream()
        .filter(count -> count.support() > 0)
        .mapToDouble(Counts::recall)
        .average()
        .orElseThrow();
  }

  public double precision(Average average) {
    return mean("Precision", average, Counts::precision);
  }

  public double recall(Average average) {
    return mean("Recall", average, Counts::recall);
  }

  public double f1(Average average) {
    return mean("F1", average, Counts::f1);
  }

  private double mean(String name, Average average, ToDoubleFunction<Counts> metric) {
    Rows.some(name, rows);
    List<Counts> counts = table().counts();
    return switch (average) {
      case MICRO -> metric.applyAsDouble(counts.stream().reduce(Counts.NONE, Counts::plus));
      case MACRO -> counts.stream().mapToDouble(metric).sum() / counts.size();
      case WEIGHTED ->
          counts.stream().mapToDouble(count -> count.support() * metric.applyAsDouble(count)).sum()
              / rows;
    };
  }

  /**
   * Returns the Matthews correlation coefficient for any number of classes (Gorodkin 2004,
   * "Comparing two K-category assignments by a K-category correlation coefficient").
   */
  public double matthews() {
    Rows.some("Matthews's correlation", rows);
    Margins margins = margins();
    double square = (double) rows * rows;
    double spread = (square - margins.truthSquares) * (square - margins.predictedSquares);
    return spread == 0 ? 0 : (margins.right * rows - margins.products) / Math.sqrt(spread);
  }

  /**
   * Returns Cohen's kappa, unweighted (Cohen 1960, "A Coefficient of Agreement for Nominal
   * Scales").
   */
  public double cohenKappa() {
    Rows.some("Cohen's kappa", rows);
    Margins margins = margins();
    double expected = margins.products / rows;
    return (margins.right - expected) / (rows - expected);
  }

  /**
   * Sums over the classes: right decisions, and products of the counts of true and predicted rows.
   */
  private record Margins(
      double right, double products, double truthSquares, double predictedSquares) {}

  private Margins margins() {
    double right = 0;
    double products = 0;
    double truthSquares = 0;
    double predictedSquares = 0;
    for (Counts count : table().counts()) {
      double predicted = count.right() + count.wrong();
      right += count.right();
      products += count.support() * predicted;
      truthSquares += (double) count.support() * count.support();
      predictedSquares += predicted * predicted;
    }
    return new Margins(right, products, truthSquares, predictedSquares);
  }
}
