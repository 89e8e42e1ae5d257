package io.adapt4j.eval.judge;

import io.adapt4j.eval.TaskResult;
import java.util.List;

/**
 * An answer to be scored.
 *
 * @param id names it
 * @param question what was asked
 * @param answer what was answered
 * @param reference a right answer that the judge is shown; empty for none
 */
public record ScoredAnswer(String id, String question, String answer, String reference) {

  /**
   * Takes what a candidate answered to a task's items, with the right answers.
   *
   * @param result the candidate's result
   * @return one answer an item
   */
  public static List<ScoredAnswer> of(TaskResult result) {
    return result.outcomes().stream()
        .map(
            outcome ->
                new ScoredAnswer(outcome.id(), outcome.prompt(), outcome.got(), outcome.expected()))
        .toList();
  }
}
