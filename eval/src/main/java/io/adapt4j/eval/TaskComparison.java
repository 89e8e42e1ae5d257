package io.adapt4j.eval;

import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Two candidates on one task.
 *
 * @param task the task's name
 * @param metric what is compared: the task's primary metric
 * @param candidate the one that is compared
 * @param baseline the one that it is compared with
 * @param difference the candidate's metric less the baseline's
 * @param pValue how likely a difference at least so large, in either direction, is where the two do
 *     not differ; paired bootstrap
 * @param mcNemar the exact p-value of McNemar's test, where every item is either right or wrong
 * @param wins items on which the candidate is better
 * @param ties items on which both are equal
 * @param losses items on which the baseline is better
 * @param retention how much of the baseline's score was kept, on general tasks
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

  /** {@return whether a difference above 0 is in the candidate's favor} */
  public boolean largerIsBetter() {
    return metric.largerIsBetter();
  }

  /**
   * Returns whether the candidates differ.
   *
   * @param level how often a difference may be claimed where there is none, such as 0.05
   * @return true if the p-value is at or below the level
   */
  public boolean isSignificant(double level) {
    return pValue <= level;
  }

  /**
   * Returns whether the candidate is significantly better.
   *
   * @param level how often that may be claimed where there is no difference, such as 0.05
   * @return true if the difference is significant and in the candidate's favor
   */
  public boolean isBetter(double level) {
    return isSignificant(level) && metric.isBetter(difference.value(), 0);
  }

  /**
   * Returns whether the candidate is significantly worse.
   *
   * @param level how often that may be claimed where there is no difference, such as 0.05
   * @return true if the difference is significant and in the baseline's favor
   */
  public boolean isWorse(double level) {
    return isSignificant(level) && metric.isBetter(0, difference.value());
  }
}
