package io.adapt4j.eval.spi;

import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;

/**
 * Grades answers against references. An application may implement it; {@link #of} creates one from
 * a function.
 */
public interface AnswerMetric {

  /** Equal text, ignoring leading and trailing white space: {@code exact_match}. */
  AnswerMetric EXACT_MATCH = AnswerMetrics.exactMatch(String::strip);

  /** Words, as SQuAD compares them: {@code f1}, {@code exact_match}. */
  AnswerMetric SQUAD = AnswerMetrics.squad();

  /**
   * Equal numbers, as lm-evaluation-harness compares those of GSM8K: {@code exact_match}. Commas,
   * dollar signs, a final period, everything up to four number signs, and case are ignored.
   */
  AnswerMetric NUMBER = AnswerMetrics.number();

  /** ROUGE with stemming: {@code rougeL}, {@code rouge1}, {@code rouge2}, {@code rougeLsum}. */
  AnswerMetric ROUGE = AnswerMetrics.rouge();

  /**
   * BLEU per sentence, from 0 to 100, with effective order: {@code bleu}. Its mean is not corpus
   * BLEU.
   */
  AnswerMetric BLEU = AnswerMetrics.bleu();

  /** chrF per sentence, from 0 to 100: {@code chrf}. */
  AnswerMetric CHRF = AnswerMetrics.chrf();

  /** ANLS, the similarity of answers read from documents, from 0 to 1: {@code anls}. */
  AnswerMetric ANLS = AnswerMetrics.anls();

  /** F1 of the fields of a JSON object: {@code field_f1}. */
  AnswerMetric FIELDS = AnswerMetrics.fields();

  /** TEDS, the similarity of a table in HTML, from 0 to 1: {@code teds}. Needs jsoup. */
  AnswerMetric TABLE = AnswerMetrics.table();

  /**
   * Returns the names of the values of {@link #grade}.
   *
   * @return at least one name, the primary one first
   */
  List<String> names();

  /**
   * Grades an answer.
   *
   * @param answer the answer; may be empty
   * @param references reference answers, at least one
   * @return finite numbers by name, higher is better; the same names for every answer
   */
  Map<String, Double> grade(String answer, List<String> references);

  /**
   * Creates a metric with a single value.
   *
   * @param name its name in reports
   * @param grade grades an answer against references; finite, higher is better
   * @return the metric
   */
  static AnswerMetric of(String name, ToDoubleBiFunction<String, List<String>> grade) {
    return AnswerMetrics.of(
        List.of(name),
        (answer, references) -> Map.of(name, grade.applyAsDouble(answer, references)));
  }
}
