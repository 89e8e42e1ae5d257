package io.adapt4j.eval;

import java.util.List;

/**
 * Results of a candidate.
 *
 * @param candidate its name
 * @param identity its identity
 * @param results one per task, in order
 * @param cost the cost of all tasks
 */
public record EvaluationReport(
    String candidate, String identity, List<TaskResult> results, Cost cost) {

  /** Copies the list. */
  public EvaluationReport {
    results = List.copyOf(results);
  }

  /**
   * Finds the result of a task.
   *
   * @param task its name
   * @return the result
   * @throws IllegalArgumentException if there is no such task
   */
  public TaskResult result(String task) {
    return results.stream()
        .filter(result -> result.task().equals(task))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "No task '%s'; there are %s"
                        .formatted(task, results.stream().map(TaskResult::task).toList())));
  }
}
