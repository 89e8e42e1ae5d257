package io.adapt4j.eval;

import java.util.List;

/**
 * Results of several candidates on the same tasks.
 *
 * @param reports one per candidate, the baseline first
 * @param comparisons each other candidate against the baseline, task by task
 * @param retentionThreshold the share of the baseline's score that counts as retained
 */
public record ComparisonReport(
    List<EvaluationReport> reports, List<TaskComparison> comparisons, double retentionThreshold) {

  /** Copies the lists. */
  public ComparisonReport {
    reports = List.copyOf(reports);
    comparisons = List.copyOf(comparisons);
  }

  /** {@return the report of the baseline} */
  public EvaluationReport baseline() {
    return reports.get(0);
  }

  /**
   * Finds a candidate's report.
   *
   * @param candidate its name
   * @return the report
   * @throws IllegalArgumentException if there is no such candidate
   */
  public EvaluationReport report(String candidate) {
    return reports.stream()
        .filter(report -> report.candidate().equals(candidate))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "No candidate '"
                        + candidate
                        + "'; there are "
                        + reports.stream().map(EvaluationReport::candidate).toList()));
  }

  /**
   * Returns the comparison of a candidate with the baseline on a task.
   *
   * @param candidate the candidate's name
   * @param task the task's name
   * @return the comparison
   * @throws IllegalArgumentException if there is no such comparison
   */
  public TaskComparison comparison(String candidate, String task) {
    return comparisons.stream()
        .filter(
            comparison ->
                comparison.candidate().equals(candidate) && comparison.task().equals(task))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "No comparison of '" + candidate + "' on '" + task + "'"));
  }
}
