package io.adapt4j.eval;

import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Comparison of two candidates on one task.
 *
 * @param task the task's name
 * @param metric the compared metric: the task's primary metric
 * @param candidate the compared candidate
 * @param baseline the baseline
 * @param difference the candidate's metric minus the baseline's
 * @param pValue probability of a difference at least this large, in either direction, if the two do
 *     not differ; paired bootstrap
 * @param mcNemar the exact p-value of McNemar's test, if every item is either right or wrong
 * @param wins items on which the candidate is better
 * @param ties items on which both are equal
 * @param losses items on which the baseline is better
 * @param retention the retained share of the baseline's score, on general tasks
 */
public record TaskComparison(
    String task,
    TaskMetric metric,
    String candidate,
    String baseline,
    ConfidenceInterval difference,
    double pValue,
    OptionalDouble mcNemar,
    long wins,
    long ties,
    long losses,
    Optional<Retention> retention) {

  /** {@return whether a positive difference is in the candidate's favor} */
  public boolean largerIsBetter() {
    return metric.largerIsBetter();
  }

  /**
   * Returns whether the candidates differ.
   *
   * @param level significance level, such as 0.05
   * @return true if the p-value is at or below the level
   */
  public boolean isSignificant(double level) {
    return pValue <= level;
  }

  /**
   * Returns whether the candidate is significantly better.
   *
   * @return true if the difference is significant and in the candidate's favor
   */
  public boolean isBetter(double level) {
    return isSignificant(level) && metric.isBetter(difference.value(), 0);
  }

  /**
   * Returns whether the candidate is significantly worse.
   *
   * @return true if the difference is significant and in the baseline's favor
   */
  public boolean isWorse(double level) {
    return isSignificant(level) && metric.isBetter(0, difference.value());
  }
}
