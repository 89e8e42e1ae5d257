package io.adapt4j.eval.judge;

import io.adapt4j.eval.TaskResult;
import java.util.List;

/**
 * An answer to be scored.
 *
 * @param id identifies it
 * @param question the question
 * @param answer the answer
 * @param reference a reference answer shown to the judge; empty for none
 */
public record ScoredAnswer(String id, String question, String answer, String reference) {

  /**
   * Takes a candidate's answers to a task's items, with the right answers as references.
   *
   * @param result the candidate's result
   * @return one answer per item
   */
  public static List<ScoredAnswer> of(TaskResult result) {
    return result.outcomes().stream()
        .map(
            outcome ->
                new ScoredAnswer(outcome.id(), outcome.prompt(), outcome.got(), outcome.expected()))
        .toList();
  }
}
