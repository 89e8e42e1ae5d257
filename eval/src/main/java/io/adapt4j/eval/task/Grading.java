package io.adapt4j.eval.task;

import java.util.List;
import java.util.Map;

/** Compares an answer with the right ones. */
@FunctionalInterface
public interface Grading {

  /**
   * Grades an answer.
   *
   * @param answer the answer; may be empty
   * @param references right answers, at least one
   * @return figures by name, larger where better; the same names for every answer
   */
  Map<String, Double> grade(String answer, List<String> references);
}
