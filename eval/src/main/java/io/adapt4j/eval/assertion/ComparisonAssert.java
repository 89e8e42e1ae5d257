package io.adapt4j.eval.assertion;

import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Retention;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Checks how candidates did against their baseline: every one of them, unless {@link #candidate}
 * names one. Each check returns checks, so that they follow one another.
 */
public final class ComparisonAssert {

  private static final double LEVEL = 0.05;

  private final ComparisonReport report;
  private final List<EvaluationReport> checked;

  ComparisonAssert(ComparisonReport report) {
    this(report, report.reports().subList(1, report.reports().size()));
  }

  private ComparisonAssert(ComparisonReport report, List<EvaluationReport> checked) {
    this.report = report;
    this.checked = checked;
  }

  /**
   * Checks one candidate only.
   *
   * @param name its name
   * @return checks of it
   * @throws IllegalArgumentException if there is no such candidate
   */
  public ComparisonAssert candidate(String name) {
    return new ComparisonAssert(report, List.of(report.report(name)));
  }

  /**
   * Checks the metric of a task that counts.
   *
   * @param task the task's name
   * @return what to require of it
   * @throws IllegalArgumentException if there is no such task
   */
  public ScoreAssert<ComparisonAssert> scores(String task) {
    return scores(task, report.baseline().result(task).primary().name());
  }

  /**
   * Checks a metric of a task.
   *
   * @param task the task's name
   * @param metric the metric's name
   * @return what to require of it
   * @throws IllegalArgumentException if there is no such task or metric
   */
  public ScoreAssert<ComparisonAssert> scores(String task, String metric) {
    return new ScoreAssert<>(this, checked, task, metric);
  }

  /**
   * Requires that general abilities were kept: on every general task at least a share of the
   * baseline's score. A task on which there was nothing to lose passes.
   *
   * @param share such as 0.98
   * @return this
   * @throws AssertionError if less was kept, or no task is general
   */
  public ComparisonAssert retains(double share) {
    return requireKept(share, ConfidenceInterval::value, "");
  }

  /**
   * Requires that general abilities were kept beyond doubt: the whole interval of what was kept is
   * at or above a share, on every general task. Takes many items.
   *
   * @param share such as 0.98
   * @return this
   * @throws AssertionError if less may have been kept, or no task is general
   */
  public ComparisonAssert surelyRetains(double share) {
    return requireKept(share, ConfidenceInterval::low, " in the whole interval");
  }

  private ComparisonAssert requireKept(
      double share, ToDoubleFunction<ConfidenceInterval> value, String where) {
    List<TaskComparison> general =
        compared().stream()
            .filter(one -> report.baseline().result(one.task()).isGeneral())
            .toList();
    if (general.isEmpty()) {
      throw new AssertionError(
          "No task asks for general abilities, so nothing tells what was retained; make one"
              + " general with Task.general()");
    }
    for (TaskComparison one : general) {
      Optional<ConfidenceInterval> kept = one.retention().map(Retention::kept);
      if (kept.isPresent() && !(value.applyAsDouble(kept.get()) >= share)) {
        throw new AssertionError(
            said(one)
                + " of task '"
                + one.task()
                + "' was kept to a share of "
                + Said.interval(kept.get())
                + Said.format(", expected at least %.4f", share)
                + where
                + " of the baseline '"
                + one.baseline()
                + "'");
      }
    }
    return this;
  }

  /**
   * Requires that no task shows a candidate to be worse than the baseline, at a level of 0.05.
   *
   * @return this
   * @throws AssertionError if a candidate is significantly worse on a task
   */
  public ComparisonAssert isNotWorse() {
    compared().forEach(ComparisonAssert::requireNotWorse);
    return this;
  }

  /**
   * Requires that a task does not show a candidate to be worse than the baseline, at a level of
   * 0.05.
   *
   * @param task the task's name
   * @return this
   * @throws IllegalArgumentException if there is no such task
   * @throws AssertionError if a candidate is significantly worse
   */
  public ComparisonAssert isNotWorse(String task) {
    compared(task).forEach(ComparisonAssert::requireNotWorse);
    return this;
  }

  /**
   * Requires that a task shows a candidate to be better than the baseline, at a level of 0.05.
   *
   * @param task the task's name
   * @return this
   * @throws IllegalArgumentException if there is no such task
   * @throws AssertionError if a candidate is not significantly better
   */
  public ComparisonAssert isBetter(String task) {
    for (TaskComparison one : compared(task)) {
      if (!one.isBetter(LEVEL)) {
        throw new AssertionError(difference(one, "expected it to be better"));
      }
    }
    return this;
  }

  private static void requireNotWorse(TaskComparison one) {
    if (one.isWorse(LEVEL)) {
      throw new AssertionError(difference(one, "expected it not to be worse"));
    }
  }

  /**
   * Requires that candidates took less time for their replies.
   *
   * @param time what each must stay below
   * @return this
   * @throws AssertionError if one took so long or longer
   */
  public ComparisonAssert costsLessThan(Duration time) {
    checked.forEach(one -> Costs.requireLess(one, time));
    return this;
  }

  /**
   * Requires that candidates read and wrote fewer tokens.
   *
   * @param tokens what the sum of each must stay below
   * @return this
   * @throws AssertionError if one is so large or larger
   */
  public ComparisonAssert costsLessThanTokens(long tokens) {
    checked.forEach(one -> Costs.requireFewer(one, tokens));
    return this;
  }

  private List<TaskComparison> compared() {
    List<String> names = checked.stream().map(EvaluationReport::candidate).toList();
    return report.comparisons().stream().filter(one -> names.contains(one.candidate())).toList();
  }

  private List<TaskComparison> compared(String task) {
    return checked.stream().map(one -> report.comparison(one.candidate(), task)).toList();
  }

  private static String said(TaskComparison one) {
    return "Candidate '" + one.candidate() + "': " + one.metric().name();
  }

  private static String difference(TaskComparison one, String expected) {
    return said(one)
        + " of task '"
        + one.task()
        + "' less that of the baseline '"
        + one.baseline()
        + "' is "
        + Said.interval(one.difference())
        + Said.format(", p = %.4f, ", one.pValue())
        + (one.largerIsBetter() ? "larger is better, " : "smaller is better, ")
        + expected
        + Said.format(" at a level of %.2f", LEVEL);
  }
}
