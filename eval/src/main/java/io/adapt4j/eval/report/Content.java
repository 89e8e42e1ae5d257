package io.adapt4j.eval.report;

import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.failure.FailureAnalysis;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;

/** Content of a report. */
record Content(
    List<EvaluationReport> reports,
    List<TaskComparison> comparisons,
    OptionalDouble retentionThreshold,
    Settings settings) {

  /** Settings of a report. */
  record Settings(String title, Instant written, int cases, List<StoredReport> history) {}

  String title() {
    return settings.title();
  }

  Instant written() {
    return settings.written();
  }

  int cases() {
    return settings.cases();
  }

  List<StoredReport> history() {
    return settings.history();
  }

  EvaluationReport first() {
    return reports.get(0);
  }

  boolean isComparison() {
    return reports.size() > 1;
  }

  List<EvaluationReport> others() {
    return reports.subList(1, reports.size());
  }

  /** The results of all candidates on a task of the first one. */
  List<TaskResult> results(String task) {
    return reports.stream().map(report -> report.result(task)).toList();
  }

  List<String> tasks() {
    return first().results().stream().map(TaskResult::task).toList();
  }

  List<TaskComparison> comparisons(String candidate) {
    return comparisons.stream()
        .filter(comparison -> comparison.candidate().equals(candidate))
        .toList();
  }

  /**
   * Analyzes failures by the threshold of the first candidate, so that all are held to the same.
   */
  FailureAnalysis analysis(TaskResult result) {
    double threshold = FailureAnalysis.of(first().result(result.task())).threshold();
    return FailureAnalysis.of(result, threshold);
  }
}
