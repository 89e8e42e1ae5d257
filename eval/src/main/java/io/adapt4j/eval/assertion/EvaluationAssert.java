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
 * Assertions on reports for tests, with any test framework: a failure is an {@link AssertionError}
 * that names the candidate, the task, the metric with its interval, and the requirement. For a
 * comparison every candidate except the baseline is checked, unless {@link #candidate} selects one.
 *
 * <pre>{@code
 * assertThat(comparison).retains(0.98).isNotWorse().scores("support").atLeast(0.7);
 * }</pre>
 */
public final class EvaluationAssert {

  private static final double LEVEL = 0.05;

  private final Optional<ComparisonReport> comparison;
  private final List<EvaluationReport> checked;

  private EvaluationAssert(Optional<ComparisonReport> comparison, List<EvaluationReport> checked) {
    this.comparison = comparison;
    this.checked = checked;
  }

  /**
   * Creates assertions on a candidate's results. Those against a baseline need a {@link
   * ComparisonReport}.
   *
   * @param report its report
   * @return assertions on it
   */
  public static EvaluationAssert assertThat(EvaluationReport report) {
    return new EvaluationAssert(Optional.empty(), List.of(report));
  }

  /**
   * Creates assertions on candidates' results against their baseline.
   *
   * @param report the comparison
   * @return assertions on every candidate except the baseline
   */
  public static EvaluationAssert assertThat(ComparisonReport report) {
    return new EvaluationAssert(
        Optional.of(report), report.reports().subList(1, report.reports().size()));
  }

  private ComparisonReport comparison() {
    return comparison.orElseThrow(
        () ->
            new IllegalStateException(
                "The report has no baseline; check the ComparisonReport of Evaluator.compare"));
  }

  /**
   * Selects a single candidate.
   *
   * @param name its name
   * @return assertions on it
   * @throws IllegalArgumentException if there is no such candidate
   */
  public EvaluationAssert candidate(String name) {
    return new EvaluationAssert(comparison, List.of(comparison().report(name)));
  }

  /**
   * Selects the primary metric of a task.
   *
   * @param task the task's name
   * @return assertions on the metric
   * @throws IllegalArgumentException if there is no such task
   */
  public ScoreAssert scores(String task) {
    return scores(task, checked.get(0).result(task).primary().name());
  }

  /**
   * Selects a metric of a task.
   *
   * @param metric the metric's name
   * @return assertions on the metric
   * @throws IllegalArgumentException if there is no such task or metric
   */
  public ScoreAssert scores(String task, String metric) {
    return new ScoreAssert(this, checked, task, metric);
  }

  /**
   * Requires general abilities to be retained: on every general task at least a share of the
   * baseline's score. A task on which there was nothing to lose passes.
   *
   * @param share such as 0.98
   * @throws AssertionError if less was retained, or no task is general
   */
  public EvaluationAssert retains(double share) {
    return requireKept(share, ConfidenceInterval::value, "");
  }

  /**
   * Requires general abilities to be retained with confidence: the whole interval of the retained
   * share is at or above a threshold, on every general task. Takes many items.
   *
   * @throws AssertionError if less may have been retained, or no task is general
   */
  public EvaluationAssert surelyRetains(double share) {
    return requireKept(share, ConfidenceInterval::low, " in the whole interval");
  }

  private EvaluationAssert requireKept(
      double share, ToDoubleFunction<ConfidenceInterval> value, String where) {
    List<TaskComparison> general =
        compared().stream()
            .filter(comparison -> comparison().baseline().result(comparison.task()).isGeneral())
            .toList();
    if (general.isEmpty()) {
      throw new AssertionError(
          "No task asks for general abilities, so nothing tells what was retained; make one"
              + " general with Task.general()");
    }
    for (TaskComparison comparison : general) {
      Optional<ConfidenceInterval> kept = comparison.retention().map(Retention::kept);
      if (kept.isPresent() && !(value.applyAsDouble(kept.get()) >= share)) {
        throw new AssertionError(
            "%s of task '%s' was kept to a share of %s%s%s of the baseline '%s'"
                .formatted(
                    said(comparison),
                    comparison.task(),
                    Messages.interval(kept.get()),
                    Messages.format(", expected at least %.4f", share),
                    where,
                    comparison.baseline()));
      }
    }
    return this;
  }

  /**
   * Requires that no task shows a candidate to be worse than the baseline, at a level of 0.05.
   *
   * @throws AssertionError if a candidate is significantly worse on a task
   */
  public EvaluationAssert isNotWorse() {
    compared().forEach(EvaluationAssert::requireNotWorse);
    return this;
  }

  /**
   * Requires that a task does not show a candidate to be worse than the baseline, at a level of
   * 0.05.
   *
   * @throws IllegalArgumentException if there is no such task
   * @throws AssertionError if a candidate is significantly worse
   */
  public EvaluationAssert isNotWorse(String task) {
    compared(task).forEach(EvaluationAssert::requireNotWorse);
    return this;
  }

  /**
   * Requires that a task shows a candidate to be better than the baseline, at a level of 0.05.
   *
   * @throws IllegalArgumentException if there is no such task
   * @throws AssertionError if a candidate is not significantly better
   */
  public EvaluationAssert isBetter(String task) {
    for (TaskComparison comparison : compared(task)) {
      if (!comparison.isBetter(LEVEL)) {
        throw new AssertionError(difference(comparison, "expected it to be better"));
      }
    }
    return this;
  }

  private static void requireNotWorse(TaskComparison comparison) {
    if (comparison.isWorse(LEVEL)) {
      throw new AssertionError(difference(comparison, "expected it not to be worse"));
    }
  }

  /**
   * Requires the candidates' replies to take less time.
   *
   * @param time exclusive upper limit of each candidate
   * @throws AssertionError if one took at least as long
   */
  public EvaluationAssert costsLessThan(Duration time) {
    checked.forEach(evaluationReport -> Costs.requireLess(evaluationReport, time));
    return this;
  }

  /**
   * Requires the candidates to use fewer tokens.
   *
   * @param tokens exclusive upper limit of each candidate's prompt and new tokens
   * @throws AssertionError if one used at least as many
   */
  public EvaluationAssert costsLessThanTokens(long tokens) {
    checked.forEach(evaluationReport -> Costs.requireFewer(evaluationReport, tokens));
    return this;
  }

  private List<TaskComparison> compared() {
    List<String> names = checked.stream().map(EvaluationReport::candidate).toList();
    return comparison().comparisons().stream()
        .filter(comparison -> names.contains(comparison.candidate()))
        .toList();
  }

  private List<TaskComparison> compared(String task) {
    return checked.stream()
        .map(evaluationReport -> comparison().comparison(evaluationReport.candidate(), task))
        .toList();
  }

  private static String said(TaskComparison comparison) {
    return "Candidate '" + comparison.candidate() + "': " + comparison.metric().name();
  }

  private static String difference(TaskComparison comparison, String expected) {
    return said(comparison)
        + " of task '"
        + comparison.task()
        + "' less that of the baseline '"
        + comparison.baseline()
        + "' is "
        + Messages.interval(comparison.difference())
        + Messages.format(", p = %.4f, ", comparison.pValue())
        + (comparison.largerIsBetter() ? "larger is better, " : "smaller is better, ")
        + expected
        + Messages.format(" at a level of %.2f", LEVEL);
  }
}
