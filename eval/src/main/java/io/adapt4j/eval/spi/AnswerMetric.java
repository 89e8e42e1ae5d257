package io.adapt4j.eval.spi;

import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;

/**
 * Compares answers with the right ones. An application may implement it; {@link #of} makes one of a
 * function.
 */
public interface AnswerMetric {

  /** Equal text, apart from white space around it: {@code exact_match}. */
  AnswerMetric EXACT_MATCH = AnswerMetrics.exactMatch(String::strip);

  /** Words, as SQuAD compares them: {@code f1}, {@code exact_match}. */
  AnswerMetric SQUAD = AnswerMetrics.squad();

  /**
   * Equal numbers, as lm-evaluation-harness compares GSM8K's: {@code exact_match}. Commas, dollar
   * signs, a period at the end, everything up to four number signs, and case are ignored.
   */
  AnswerMetric NUMBER = AnswerMetrics.number();

  /** ROUGE with stemming: {@code rougeL}, {@code rouge1}, {@code rouge2}, {@code rougeLsum}. */
  AnswerMetric ROUGE = AnswerMetrics.rouge();

  /**
   * BLEU sentence by sentence, from 0 to 100, with effective order: {@code bleu}. Its mean is not
   * the BLEU of a corpus.
   */
  AnswerMetric BLEU = AnswerMetrics.bleu();

  /** chrF sentence by sentence, from 0 to 100: {@code chrf}. */
  AnswerMetric CHRF = AnswerMetrics.chrf();

  /**
   * Names the values that {@link #grade} gives.
   *
   * @return at least one name; the first is the one that counts
   */
  List<String> names();

  /**
   * Grades an answer.
   *
   * @param answer the answer; may be empty
   * @param references right answers, at least one
   * @return finite numbers by name, larger where better; the same names for every answer
   */
  Map<String, Double> grade(String answer, List<String> references);

  /**
   * Makes a metric with one value.
   *
   * @param name its name in reports
   * @param grade gives the value of an answer with right answers; finite, larger where better
   * @return the metric
   */
  static AnswerMetric of(String name, ToDoubleBiFunction<String, List<String>> grade) {
    return AnswerMetrics.of(
        List.of(name),
        (answer, references) -> Map.of(name, grade.applyAsDouble(answer, references)));
  }
}
