package io.adapt4j.eval.task;

import io.adapt4j.eval.metric.Bleu;
import io.adapt4j.eval.metric.BleuOptions;
import io.adapt4j.eval.metric.Chrf;
import io.adapt4j.eval.metric.ChrfOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Ways to compare an answer with the right ones, by name. */
public enum AnswerMetric {
  /** The same text, spaces around it aside: {@code exact_match}. */
  EXACT_MATCH,
  /** Words, as SQuAD compares them: {@code f1}, {@code exact_match}. */
  SQUAD,
  /** The same number, as GSM8K compares them: {@code exact_match}. */
  NUMBER,
  /** ROUGE with stemming: {@code rougeL}, {@code rouge1}, {@code rouge2}, {@code rougeLsum}. */
  ROUGE,
  /**
   * BLEU sentence by sentence, from 0 to 100, with effective order: {@code bleu}. Its mean is not
   * the BLEU of a corpus.
   */
  BLEU,
  /** chrF sentence by sentence, from 0 to 100: {@code chrf}. */
  CHRF;

  private static final String BLEU_FIGURE = "bleu";
  private static final String CHRF_FIGURE = "chrf";

  /**
   * Returns what compares an answer with the right ones.
   *
   * @return the grading
   */
  public Grading grading() {
    return switch (this) {
      case EXACT_MATCH -> Gradings.exactMatch(String::strip);
      case SQUAD -> Gradings.squad();
      case NUMBER -> Gradings.number();
      case ROUGE -> Gradings.rouge();
      case BLEU -> {
        BleuOptions options = BleuOptions.DEFAULT.withEffectiveOrder();
        yield (answer, references) ->
            Map.of(BLEU_FIGURE, Bleu.sentence(options, answer, references).score());
      }
      case CHRF ->
          (answer, references) ->
              Map.of(CHRF_FIGURE, Chrf.sentence(ChrfOptions.CHRF, answer, references));
    };
  }

  /**
   * Returns what sums up a task, the figure that counts first.
   *
   * @return means over the items
   */
  public List<Figure> figures() {
    Stream<String> names =
        switch (this) {
          case EXACT_MATCH, NUMBER -> Stream.of(Gradings.EXACT_MATCH);
          case SQUAD -> Stream.of(Gradings.F1, Gradings.EXACT_MATCH);
          case ROUGE -> Stream.of("rougeL", "rouge1", "rouge2", "rougeLsum");
          case BLEU -> Stream.of(BLEU_FIGURE);
          case CHRF -> Stream.of(CHRF_FIGURE);
        };
    return names.map(Figure::mean).toList();
  }

  /** The figures of several metrics in one. */
  static Grading together(List<AnswerMetric> metrics) {
    List<Grading> gradings = metrics.stream().map(AnswerMetric::grading).toList();
    return (answer, references) -> {
      Map<String, Double> figures = new LinkedHashMap<>();
      gradings.forEach(one -> figures.putAll(one.grade(answer, references)));
      return figures;
    };
  }
}
