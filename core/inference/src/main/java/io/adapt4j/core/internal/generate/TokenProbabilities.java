package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.generate.TokenLogprobs.Alternative;
import java.util.ArrayList;
import java.util.List;

/** Log-probabilities of tokens, by a softmax in double precision. */
final class TokenProbabilities {

  private TokenProbabilities() {}

  /**
   * Computes the log-probability of a token and of the most likely alternatives.
   *
   * @param logits holds those of one position at {@code from} (inclusive) to {@code to}
   *     (exclusive), at least one finite and none NaN
   */
  static TokenLogprobs of(float[] logits, int from, int to, int id, int alternatives) {
    double logSum = logSumExp(logits, from, to);
    List<Alternative> top = new ArrayList<>();
    for (int found : largest(logits, from, to, alternatives)) {
      top.add(new Alternative(found, logits[from + found] - logSum));
    }
    return new TokenLogprobs(id, logits[from + id] - logSum, top);
  }

  private static double logSumExp(float[] logits, int from, int to) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      max = Math.max(max, logits[i]);
    }
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += Math.exp(logits[i] - max);
    }
    return max + Math.log(sum);
  }

  /** Returns the ids of the largest logits, in descending order. */
  private static int[] largest(float[] logits, int from, int to, int count) {
    int[] ids = new int[Math.min(count, to - from)];
    int found = 0;
    for (int i = from; i < to && ids.length > 0; i++) {
      if (found < ids.length || logits[i] > logits[from + ids[found - 1]]) {
        int place = found < ids.length ? found++ : found - 1;
        while (place > 0 && logits[i] > logits[from + ids[place - 1]]) {
          ids[place] = ids[place - 1];
          place--;
        }
        ids[place] = i - from;
      }
    }
    return ids;
  }
}
