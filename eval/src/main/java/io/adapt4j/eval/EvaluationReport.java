package io.adapt4j.eval;

import java.util.List;

/**
 * How a candidate did.
 *
 * @param candidate the name it was given
 * @param identity what tells it from others
 * @param results one a task, in their order
 * @param cost what it took
 */
public record EvaluationReport(
    String candidate, String identity, List<TaskResult> results, Cost cost) {

  /**
   * Copies the list.
   *
   * @param candidate the name it was given
   * @param identity what tells it from others
   * @param results one a task, in their order
   * @param cost what it took
   */
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
