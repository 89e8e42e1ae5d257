package io.adapt4j.eval.metric;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.Multiset;
import io.adapt4j.eval.internal.metric.Rows;
import io.adapt4j.eval.internal.metric.text.PythonText;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Exact match and word F1 of answers to questions (Rajpurkar et al. 2016, "SQuAD: 100,000+
 * Questions for Machine Comprehension of Text"), equal to the official script and to {@code
 * squad_metrics} of transformers: case, punctuation, English articles and spacing are ignored, and
 * of several reference answers the best counts. Keeps sums only.
 */
final class SquadAnswers {

  private static final Pattern ARTICLE =
      Pattern.compile("(?<![\\p{L}\\p{N}_])(a|an|the)(?![\\p{L}\\p{N}_])");

  private long rows;
  private long exact;
  private double f1;

  /** Creates a metric without answers. */
  public SquadAnswers() {}

  /** Scores of an answer. */
  public record Answer(boolean exact, double f1) {}

  /** Normalizes an answer for comparison. */
  public static String normalize(String answer) {
    StringBuilder plain = new StringBuilder();
    PythonText.lower(answer)
        .codePoints()
        .filter(c -> !PythonText.isPunctuation(c))
        .forEach(plain::appendCodePoint);
    return PythonText.singleSpaced(ARTICLE.matcher(plain).replaceAll(" "));
  }

  public Answer add(String prediction, List<String> answers) {
    Rows.present(rows + 1, "the prediction", prediction);
    answers.forEach(answer -> Rows.present(rows + 1, "an answer", answer));
    rows++;
    String said = normalize(prediction);
    List<String> wanted =
        answers.stream().map(SquadAnswers::normalize).filter(text -> !text.isEmpty()).toList();
    Answer best = best(said, wanted.isEmpty() ? List.of("") : wanted);
    exact += best.exact ? 1 : 0;
    f1 += best.f1;
    return best;
  }

  /** Adds all counts of another. */
  public void merge(SquadAnswers other) {
    rows += other.rows;
    exact += other.exact;
    f1 += other.f1;
  }

  /** Returns the share of exact matches. */
  public double exactMatch() {
    Rows.some("Exact match", rows);
    return (double) exact / rows;
  }

  /** Returns the mean F1. */
  public double f1() {
    Rows.some("F1", rows);
    return f1 / rows;
  }

  private static Answer best(String said, List<String> wanted) {
    double best = 0;
    for (String answer : wanted) {
      best = Math.max(best, f1(PythonText.split(said), PythonText.split(answer)));
    }
    return new Answer(wanted.contains(said), best);
  }

  private static double f1(List<String> said, List<String> wanted) {
    if (said.isEmpty() || wanted.isEmpty()) {
      return said.equals(wanted) ? 1 : 0;
    }
    Multiset<String> left = HashMultiset.create(wanted);
    long shared = said.stream().filter(left::remove).count();
    return F1Score.of(shared, said.size(), wanted.size()).f1();
  }
}
