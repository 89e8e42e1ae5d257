package io.adapt4j.eval.spi;

import io.adapt4j.eval.metric.BleuOptions;
import io.adapt4j.eval.metric.Metrics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.ToDoubleBiFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** The built-in answer metrics. */
final class AnswerMetrics {
  private static final String EXACT_MATCH = "exact_match";
  private static final String F1 = "f1";
  private static final Pattern NOISE = Pattern.compile(",|\\$|(?s).*#### |\\.$");
  private static final List<String> ROUGE = List.of("rougeL", "rouge1", "rouge2", "rougeLsum");

  private AnswerMetrics() {}

  private record Function(
      List<String> names, BiFunction<String, List<String>, Map<String, Double>> grading)
      implements AnswerMetric {
    @Override
    public Map<String, Double> grade(String answer, List<String> references) {
      return grading.apply(answer, references);
    }
  }

  static AnswerMetric of(
      List<String> names, BiFunction<String, List<String>, Map<String, Double>> grading) {
    return new Function(names, grading);
  }

  static AnswerMetric exactMatch(UnaryOperator<String> normalize) {
    return AnswerMetric.of(
        EXACT_MATCH,
        (answer, references) -> {
          String wanted = normalize.apply(answer);
          return references.stream().map(normalize).anyMatch(wanted::equals) ? 1 : 0;
        });
  }

  static AnswerMetric number() {
    return exactMatch(text -> NOISE.matcher(text).replaceAll("").strip().toLowerCase(Locale.ROOT));
  }

  static AnswerMetric squad() {
    return of(
        List.of(F1, EXACT_MATCH),
        (answer, references) -> {
          Map<String, Double> scores = new LinkedHashMap<>();
          scores.put(EXACT_MATCH, Metrics.exactMatch().of(answer, references));
          scores.put(F1, Metrics.answerF1().of(answer, references));
          return scores;
        });
  }

  static AnswerMetric rouge() {
    return of(
        ROUGE,
        (answer, references) -> {
          Map<String, Double> best = new LinkedHashMap<>();
          for (String reference : references) {
            var scores = Metrics.rouge(true).of(answer, reference);
            ROUGE.forEach(
                name -> best.merge(name, Objects.requireNonNull(scores.get(name)).f1(), Math::max));
          }
          return best;
        });
  }

  static AnswerMetric bleu() {
    BleuOptions options = BleuOptions.DEFAULT.withEffectiveOrder();
    return AnswerMetric.of(
        "bleu", (answer, references) -> Metrics.bleu(options).of(answer, references).score());
  }

  static AnswerMetric chrf() {
    return AnswerMetric.of(
        "chrf", (answer, references) -> Metrics.chrf().of(answer, references).score());
  }

  static AnswerMetric anls() {
    return AnswerMetric.of("anls", (answer, references) -> Metrics.anls().of(answer, references));
  }

  static AnswerMetric fields() {
    return best("field_f1", (answer, reference) -> Metrics.fieldF1().of(answer, reference).f1());
  }

  static AnswerMetric table() {
    return best(
        "teds", (answer, reference) -> Metrics.tableSimilarity(false).of(answer, reference));
  }

  private static AnswerMetric best(String name, ToDoubleBiFunction<String, String> grading) {
    return AnswerMetric.of(
        name,
        (answer, references) ->
            references.stream()
                .mapToDouble(reference -> grading.applyAsDouble(answer, reference))
                .max()
                .orElseThrow());
  }
}
