package io.adapt4j.eval.internal.metric.document;

import io.adapt4j.eval.internal.metric.Rows;
import io.adapt4j.eval.internal.metric.text.EditDistance;
import io.adapt4j.eval.internal.metric.text.PythonText;
import java.util.List;

/**
 * Average normalized Levenshtein similarity (Biten et al. 2019, "Scene Text Visual Question
 * Answering", equation 1): 1 minus the edit distance as a share of the longer text, 0 from a half
 * on; of several reference answers the best counts. Case and spacing are ignored, as in the
 * evaluation of DocVQA. Keeps sums only.
 */
public final class AnswerSimilarity {

  private static final double THRESHOLD = 0.5;

  private long rows;
  private double sum;

  /** Adds a row. */
  public void add(String prediction, List<String> answers) {
    Rows.present(rows + 1, "the prediction", prediction);
    if (answers.isEmpty()) {
      throw Rows.bad(rows + 1, "there is no reference answer; give at least one");
    }
    answers.forEach(answer -> Rows.present(rows + 1, "an answer", answer));
    String said = normalized(prediction);
    double distance =
        answers.stream()
            .mapToDouble(answer -> EditDistance.normalized(said, normalized(answer)))
            .min()
            .orElse(1);
    rows++;
    sum += distance < THRESHOLD ? 1 - distance : 0;
  }

  /** Adds all counts of another. */
  public void merge(AnswerSimilarity other) {
    rows += other.rows;
    sum += other.sum;
  }

  /** Returns the mean similarity. */
  public double mean() {
    Rows.some("ANLS", rows);
    return sum / rows;
  }

  private static String normalized(String text) {
    return PythonText.singleSpaced(PythonText.lower(text));
  }
}
