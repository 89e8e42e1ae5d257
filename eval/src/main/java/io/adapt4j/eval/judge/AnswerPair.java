package io.adapt4j.eval.judge;

import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Two answers to one question.
 *
 * @param id identifies the pair
 * @param question the question
 * @param first one answer
 * @param second the other
 */
public record AnswerPair(String id, String question, String first, String second) {

  /**
   * Pairs the answers of two candidates to a task's items.
   *
   * @param first a candidate's result
   * @param second another candidate's result on the same items
   * @return one pair per item
   * @throws IllegalArgumentException if an item has only one of the answers
   */
  public static List<AnswerPair> of(TaskResult first, TaskResult second) {
    Map<String, Outcome> others = new HashMap<>();
    second.outcomes().forEach(outcome -> others.put(outcome.id(), outcome));
    List<AnswerPair> pairs = new ArrayList<>();
    for (Outcome item : first.outcomes()) {
      Outcome other = others.remove(item.id());
      if (other == null) {
        throw new IllegalArgumentException(
            "Item '%s' of task '%s' has an answer of one side only"
                .formatted(item.id(), first.task()));
      }
      pairs.add(new AnswerPair(item.id(), item.prompt(), item.got(), other.got()));
    }
    if (!others.isEmpty()) {
      throw new IllegalArgumentException(
          "Items %s of task '%s' have an answer of one side only"
              .formatted(others.keySet().stream().sorted().toList(), second.task()));
    }
    return pairs;
  }
}
