package io.adapt4j.eval.task;

import io.adapt4j.eval.metric.OverlapScore;
import io.adapt4j.eval.metric.Rouge;
import io.adapt4j.eval.metric.RougeType;
import io.adapt4j.eval.metric.SquadAnswers;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** The usual ways to compare an answer with the right ones. */
public final class Gradings {

  /** Whether the answer equals a right one. */
  public static final String EXACT_MATCH = "exact_match";

  /** The harmonic mean of precision and recall of words, best over the right answers. */
  public static final String F1 = "f1";

  private static final Map<String, RougeType> ROUGE =
      new TreeMap<>(
          Map.of(
              "rouge1", RougeType.ROUGE_1,
              "rouge2", RougeType.ROUGE_2,
              "rougeL", RougeType.ROUGE_L,
              "rougeLsum", RougeType.ROUGE_LSUM));

  private static final Pattern NOISE = Pattern.compile(",|\\$|(?s).*#### |\\.$");

  private Gradings() {}

  /**
   * Compares texts after a change to both.
   *
   * @param normalise the change
   * @return a grading with the figure {@link #EXACT_MATCH}
   */
  public static Grading exactMatch(UnaryOperator<String> normalise) {
    return (answer, references) -> {
      String wanted = normalise.apply(answer);
      boolean equal = references.stream().map(normalise).anyMatch(wanted::equals);
      return Map.of(EXACT_MATCH, equal ? 1.0 : 0.0);
    };
  }

  /**
   * Compares numbers as GSM8K's are in lm-evaluation-harness: without commas, dollar signs, a full
   * stop at the end, and whatever stands before four number signs; case does not matter.
   *
   * @return a grading with the figure {@link #EXACT_MATCH}
   */
  public static Grading number() {
    return exactMatch(text -> NOISE.matcher(text).replaceAll("").strip().toLowerCase(Locale.ROOT));
  }

  /**
   * Compares words as SQuAD does (Rajpurkar et al. 2016).
   *
   * @return a grading with the figures {@link #EXACT_MATCH} and {@link #F1}
   */
  public static Grading squad() {
    return (answer, references) -> {
      var score = new SquadAnswers().add(answer, references);
      Map<String, Double> figures = new LinkedHashMap<>();
      figures.put(EXACT_MATCH, score.exact() ? 1.0 : 0.0);
      figures.put(F1, score.f1());
      return figures;
    };
  }

  /**
   * Compares summaries by ROUGE (Lin 2004), F-measure with stemming.
   *
   * @return a grading with the figures {@code rouge1}, {@code rouge2}, {@code rougeL} and {@code
   *     rougeLsum}
   */
  public static Grading rouge() {
    return (answer, references) -> {
      Map<RougeType, OverlapScore> best = new EnumMap<>(RougeType.class);
      for (String reference : references) {
        new Rouge(true)
            .add(answer, reference)
            .forEach((type, score) -> best.merge(type, score, Gradings::better));
      }
      Map<String, Double> figures = new LinkedHashMap<>();
      ROUGE.forEach((name, type) -> figures.put(name, best.get(type).f1()));
      return figures;
    };
  }

  private static OverlapScore better(OverlapScore one, OverlapScore other) {
    return one.f1() >= other.f1() ? one : other;
  }
}
