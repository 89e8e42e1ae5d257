package io.adapt4j.speech.internal.whisper;

import java.util.Arrays;

/** Rules for the next token of a window, in the order of Transformers' logits processors. */
record WindowRules(SpeechTokens tokens, boolean timestamps) {

  private static final float NEVER = Float.NEGATIVE_INFINITY;

  /** Applies the rules to scores, in place. */
  void apply(float[] scores, int[] written, int count) {
    if (count == 0) {
      tokens.suppressedFirst().forEach(token -> scores[token] = NEVER);
    }
    tokens.suppressed().forEach(token -> scores[token] = NEVER);
    if (timestamps) {
      scores[tokens.noTimestamps()] = NEVER;
      pairs(scores, written, count);
      if (count == 0) {
        first(scores);
      }
      preferTimestamp(scores);
    }
  }

  /** Timestamps come in pairs, except before the end, and never go back. */
  private void pairs(float[] scores, int[] written, int count) {
    int begin = tokens.firstTimestamp();
    boolean last = count >= 1 && written[count - 1] >= begin;
    boolean before = count < 2 || written[count - 2] >= begin;
    if (last) {
      if (before) {
        Arrays.fill(scores, begin, scores.length, NEVER);
      } else {
        Arrays.fill(scores, 0, tokens.end(), NEVER);
      }
    }
    for (int i = count - 1; i >= 0; i--) {
      if (written[i] >= begin) {
        int least = last && !before ? written[i] : written[i] + 1;
        Arrays.fill(scores, begin, Math.min(scores.length, least), NEVER);
        break;
      }
    }
  }

  private void first(float[] scores) {
    int begin = tokens.firstTimestamp();
    Arrays.fill(scores, 0, begin, NEVER);
    if (tokens.lastInitialTimestamp().isPresent()) {
      int after = begin + tokens.lastInitialTimestamp().getAsInt() + 1;
      if (after < scores.length) {
        Arrays.fill(scores, after, scores.length, NEVER);
      }
    }
  }

  /** Allows timestamps only, if together they are more probable than any other token. */
  private void preferTimestamp(float[] scores) {
    int begin = tokens.firstTimestamp();
    float text = NEVER;
    for (int i = 0; i < begin; i++) {
      text = Math.max(text, scores[i]);
    }
    if (logSum(scores, begin, scores.length) > text) {
      Arrays.fill(scores, 0, begin, NEVER);
    }
  }

  /** Returns the logarithm of the sum of exponentials. */
  static double logSum(float[] scores, int from, int to) {
    float highest = NEVER;
    for (int i = from; i < to; i++) {
      highest = Math.max(highest, scores[i]);
    }
    if (highest == NEVER) {
      return NEVER;
    }
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += Math.exp(scores[i] - highest);
    }
    return highest + Math.log(sum);
  }
}
