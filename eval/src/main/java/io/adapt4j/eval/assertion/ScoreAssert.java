package io.adapt4j.eval.assertion;

import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.stats.Interval;
import java.util.List;
import java.util.function.Predicate;

/**
 * Requires something of a figure. With several candidates each must meet it.
 *
 * @param <P> the checks that go on afterwards
 */
public final class ScoreAssert<P> {

  private final P parent;
  private final List<EvaluationReport> reports;
  private final String task;
  private final String figure;

  ScoreAssert(P parent, List<EvaluationReport> reports, String task, String figure) {
    this.parent = parent;
    this.reports = reports;
    this.task = task;
    this.figure = figure;
    reports.forEach(report -> report.result(task).figure(figure));
  }

  /**
   * Requires a value.
   *
   * @param least the least that will do
   * @return the checks that this belongs to
   * @throws AssertionError if the figure is smaller
   */
  public P atLeast(double least) {
    return require(found -> found.value() >= least, "at least ", least, "");
  }

  /**
   * Requires a value, as of a perplexity.
   *
   * @param most the most that will do
   * @return the checks that this belongs to
   * @throws AssertionError if the figure is larger
   */
  public P atMost(double most) {
    return require(found -> found.value() <= most, "at most ", most, "");
  }

  /**
   * Requires a value that other items of the kind would give too.
   *
   * @param least the least that will do
   * @return the checks that this belongs to
   * @throws AssertionError if a part of the figure's interval is smaller
   */
  public P surelyAtLeast(double least) {
    return require(found -> found.low() >= least, "at least ", least, " in the whole interval");
  }

  /**
   * Requires a value that other items of the kind would give too.
   *
   * @param most the most that will do
   * @return the checks that this belongs to
   * @throws AssertionError if a part of the figure's interval is larger
   */
  public P surelyAtMost(double most) {
    return require(found -> found.high() <= most, "at most ", most, " in the whole interval");
  }

  private P require(Predicate<Interval> isMet, String bound, double limit, String where) {
    for (EvaluationReport report : reports) {
      TaskResult result = report.result(task);
      Interval found = result.figures().get(figure);
      if (!isMet.test(found)) {
        throw new AssertionError(
            Said.candidate(report)
                + ": "
                + Said.figure(figure, task, found)
                + " on "
                + result.outcomes().size()
                + " items, expected "
                + bound
                + Said.format("%.4f", limit)
                + where);
      }
    }
    return parent;
  }
}
