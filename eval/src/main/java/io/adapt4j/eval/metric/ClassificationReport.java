package io.adapt4j.eval.metric;

import io.adapt4j.core.internal.metric.Counts;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Metrics of a classifier's decisions, equal to scikit-learn with {@code zero_division=0} and all
 * labels given.
 */
public final class ClassificationReport {
  private final Classification decisions;

  ClassificationReport(Classification decisions) {
    this.decisions = decisions;
  }

  /** {@return the number of rows} */
  public long rows() {
    return decisions.rows();
  }

  /** {@return the share of right predictions} */
  public double accuracy() {
    return decisions.accuracy();
  }

  /** {@return the mean recall of the classes that occur} */
  public double balancedAccuracy() {
    return decisions.balancedAccuracy();
  }

  /** {@return precision, recall and F1 of all decisions together} */
  public F1Score micro() {
    return average(Average.MICRO);
  }

  /** {@return the mean precision, recall and F1 of all labels} */
  public F1Score macro() {
    return average(Average.MACRO);
  }

  /** {@return the mean precision, recall and F1 of all labels, weighted by their support} */
  public F1Score weighted() {
    return average(Average.WEIGHTED);
  }

  private F1Score average(Average average) {
    return new F1Score(
        decisions.precision(average), decisions.recall(average), decisions.f1(average));
  }

  /**
   * {@return the Matthews correlation coefficient, from -1 to 1; 0 if all rows are of one class or
   * predicted as one class}
   */
  public double matthews() {
    return decisions.matthews();
  }

  /**
   * {@return Cohen's kappa, unweighted, at most 1; NaN if truth and predictions are all of the same
   * class}
   */
  public double cohenKappa() {
    return decisions.cohenKappa();
  }

  /** {@return precision, recall and F1 of each label, in the order of the labels} */
  public Map<String, F1Score> classes() {
    Map<String, F1Score> classes = new LinkedHashMap<>();
    List<Counts> counts = decisions.table().counts();
    for (int i = 0; i < counts.size(); i++) {
      Counts label = counts.get(i);
      classes.put(
          decisions.table().labels().get(i),
          new F1Score(label.precision(), label.recall(), label.f1()));
    }
    return Collections.unmodifiableMap(classes);
  }

  /**
   * Returns the number of rows of a class.
   *
   * @param label one of the labels
   * @return the number of rows
   * @throws IllegalArgumentException if it is not among the labels
   */
  public long support(String label) {
    return decisions.support(label);
  }

  /**
   * Returns how often one class was predicted for another.
   *
   * @param truth the true class
   * @param predicted the predicted class
   * @return the count
   * @throws IllegalArgumentException if one of them is not among the labels
   */
  public long count(String truth, String predicted) {
    return decisions.count(truth, predicted);
  }

  /**
   * Returns the most frequent mistakes.
   *
   * @param limit maximum number
   * @return the most frequent first
   */
  public List<Confusion> confusions(int limit) {
    return decisions.worst(limit).stream()
        .map(mistake -> new Confusion(mistake.truth(), mistake.predicted(), mistake.count()))
        .toList();
  }
}
