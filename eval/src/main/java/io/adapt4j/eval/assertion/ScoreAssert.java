package io.adapt4j.eval.assertion;

import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/** Assertions on a metric. With several candidates each must satisfy them. */
public final class ScoreAssert {

  private final EvaluationAssert parent;
  private final List<EvaluationReport> reports;
  private final String task;
  private final String metric;

  ScoreAssert(EvaluationAssert parent, List<EvaluationReport> reports, String task, String metric) {
    this.parent = parent;
    this.reports = reports;
    this.task = task;
    this.metric = metric;
    reports.forEach(report -> report.result(task).metric(metric));
  }

  /**
   * Requires a minimum value.
   *
   * @param least the minimum
   * @return the assertions that this belongs to
   * @throws AssertionError if the metric is smaller
   */
  public EvaluationAssert atLeast(double least) {
    return require(found -> found.value() >= least, "at least ", least, "");
  }

  /**
   * Requires a maximum value, for example of a perplexity.
   *
   * @param most the maximum
   * @return the assertions that this belongs to
   * @throws AssertionError if the metric is larger
   */
  public EvaluationAssert atMost(double most) {
    return require(found -> found.value() <= most, "at most ", most, "");
  }

  /**
   * Requires the whole confidence interval to be at or above a minimum.
   *
   * @return the assertions that this belongs to
   * @throws AssertionError if a part of the interval is smaller
   */
  public EvaluationAssert surelyAtLeast(double least) {
    return require(found -> found.low() >= least, "at least ", least, " in the whole interval");
  }

  /**
   * Requires the whole confidence interval to be at or below a maximum.
   *
   * @return the assertions that this belongs to
   * @throws AssertionError if a part of the interval is larger
   */
  public EvaluationAssert surelyAtMost(double most) {
    return require(found -> found.high() <= most, "at most ", most, " in the whole interval");
  }

  private EvaluationAssert require(
      Predicate<ConfidenceInterval> isMet, String bound, double limit, String where) {
    for (EvaluationReport report : reports) {
      TaskResult result = report.result(task);
      ConfidenceInterval found = Objects.requireNonNull(result.metrics().get(metric), metric);
      if (!isMet.test(found)) {
        throw new AssertionError(
            Messages.candidate(report)
                + ": "
                + Messages.metric(metric, task, found)
                + " on "
                + result.outcomes().size()
                + " items, expected "
                + bound
                + Messages.format("%.4f", limit)
                + where);
      }
    }
    return parent;
  }
}
