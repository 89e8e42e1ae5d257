package io.adapt4j.eval.judge;

import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.metric.Metrics;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Scores by judges.
 *
 * @param mean mean over the answers of each answer's mean score, with its bootstrap interval;
 *     answers without any score are left out; empty if none has one
 * @param agreement Krippendorff's alpha of all scores, ordinal: 1 is agreement, 0 chance; empty if
 *     no answer has two scores, or all scores are equal
 * @param malformed verdicts that cannot be read, by judge
 * @param answers one per answer, in order
 */
public record RubricReport(
    Optional<ConfidenceInterval> mean,
    OptionalDouble agreement,
    Map<String, Long> malformed,
    List<Scored> answers) {

  /** Copies the collections. */
  public RubricReport {
    malformed = Map.copyOf(malformed);
    answers = List.copyOf(answers);
  }

  /**
   * A judge's verdict.
   *
   * @param judge the judge's name
   * @param score from 1; empty if the verdict is malformed
   * @param reasons the judge's reply
   */
  public record Verdict(String judge, OptionalInt score, String reasons) {}

  /**
   * An answer and its verdicts.
   *
   * @param answer the answer
   * @param verdicts by judge, then by repetition
   */
  public record Scored(ScoredAnswer answer, List<Verdict> verdicts) {

    /** Copies the verdicts. */
    public Scored {
      verdicts = List.copyOf(verdicts);
    }

    /** {@return the mean of the scores} */
    public OptionalDouble mean() {
      return scores().stream().mapToDouble(Double::doubleValue).average();
    }

    private List<Double> scores() {
      return verdicts.stream()
          .map(Verdict::score)
          .filter(OptionalInt::isPresent)
          .map(score -> (double) score.getAsInt())
          .toList();
    }
  }

  static RubricReport of(
      List<ScoredAnswer> answers, Map<String, TaskResult> results, int times, Bootstrap bootstrap) {
    List<Scored> scored = new ArrayList<>();
    for (int i = 0; i < answers.size(); i++) {
      List<Verdict> verdicts = new ArrayList<>();
      for (Map.Entry<String, TaskResult> entry : results.entrySet()) {
        verdicts.addAll(verdicts(entry.getKey(), entry.getValue().outcomes().get(i), times));
      }
      scored.add(new Scored(answers.get(i), verdicts));
    }
    Map<String, Long> malformed = new LinkedHashMap<>();
    results.forEach(
        (judge, result) ->
            malformed.put(
                judge,
                (long)
                    result.outcomes().stream()
                        .mapToDouble(outcome -> outcome.metric(RubricItem.MALFORMED))
                        .sum()));
    double[] means = scored.stream().flatMapToDouble(answer -> answer.mean().stream()).toArray();
    return new RubricReport(
        means.length == 0 ? Optional.empty() : Optional.of(bootstrap.mean(means)),
        agreement(scored),
        malformed,
        scored);
  }

  private static List<Verdict> verdicts(String judge, Outcome outcome, int times) {
    List<String> words = RubricItem.words(outcome);
    List<Verdict> verdicts = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      Double score = outcome.metrics().get(RubricItem.metric(i));
      verdicts.add(
          new Verdict(
              judge,
              Objects.isNull(score) ? OptionalInt.empty() : OptionalInt.of(score.intValue()),
              words.get(i)));
    }
    return verdicts;
  }

  private static OptionalDouble agreement(List<Scored> answers) {
    List<List<Double>> several =
        answers.stream().map(Scored::scores).filter(scores -> scores.size() > 1).toList();
    if (several.isEmpty()) {
      return OptionalDouble.empty();
    }
    double value = Metrics.krippendorffAlpha(several, Metrics.Level.ORDINAL);
    return Double.isNaN(value) ? OptionalDouble.empty() : OptionalDouble.of(value);
  }
}
