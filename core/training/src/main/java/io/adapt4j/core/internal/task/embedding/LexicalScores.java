package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.tokenize.Batch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * Lexical matching scores: sums of weight products over the tokens that two texts share, each with
 * its largest weight in the text.
 */
final class LexicalScores {

  /** For each text, the position of the largest weight of each token. */
  private final List<Map<Integer, Integer>> places = new ArrayList<>();

  private final float[] weights;

  /** Finds the largest weights. */
  LexicalScores(Batch texts, float[] weights, IntPredicate counts) {
    this.weights = weights;
    for (int row = 0; row < texts.rows(); row++) {
      Map<Integer, Integer> best = new HashMap<>();
      for (int at = row * texts.length(); at < (row + 1) * texts.length(); at++) {
        int id = Math.toIntExact(texts.ids()[at]);
        if (texts.attentionMask()[at] != 0 && counts.test(id)) {
          best.merge(id, at, (old, found) -> weights[found] > weights[old] ? found : old);
        }
      }
      places.add(best);
    }
  }

  /** Returns the scores of queries and passages, [B, P]. */
  double[] scores(LexicalScores passages) {
    double[] scores = new double[places.size() * passages.places.size()];
    for (int query = 0; query < places.size(); query++) {
      for (int passage = 0; passage < passages.places.size(); passage++) {
        int at = query * passages.places.size() + passage;
        Map<Integer, Integer> other = passages.places.get(passage);
        places
            .get(query)
            .forEach(
                (id, place) -> {
                  Integer found = other.get(id);
                  if (found != null) {
                    scores[at] += (double) weights[place] * passages.weights[found];
                  }
                });
      }
    }
    return scores;
  }

  /**
   * Backpropagates a gradient to the weights.
   *
   * @param byScores the gradient with respect to the scores, [B, P]
   */
  void backward(LexicalScores passages, double[] byScores, float[] byQueries, float[] byPassages) {
    for (int query = 0; query < places.size(); query++) {
      for (int passage = 0; passage < passages.places.size(); passage++) {
        double d = byScores[query * passages.places.size() + passage];
        Map<Integer, Integer> other = passages.places.get(passage);
        places
            .get(query)
            .forEach(
                (id, place) -> {
                  Integer found = other.get(id);
                  if (found != null) {
                    byQueries[place] += (float) (d * passages.weights[found]);
                    byPassages[found] += (float) (d * weights[place]);
                  }
                });
      }
    }
  }
}
