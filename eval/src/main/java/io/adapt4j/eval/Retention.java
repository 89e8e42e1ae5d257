package io.adapt4j.eval;

import io.adapt4j.eval.stats.ConfidenceInterval;

/**
 * How much of a baseline's score on a general task another candidate kept.
 *
 * @param kept the other's metric divided by the baseline's, or the other way round where smaller is
 *     better, so that 1 is all; with its interval
 * @param verdict what that means
 */
public record Retention(ConfidenceInterval kept, Verdict verdict) {

  /** What a share that was kept means. */
  public enum Verdict {
    /** The whole interval is at or above the threshold. */
    KEPT,
    /** The whole interval is below the threshold. */
    LOST,
    /** The interval holds the threshold: more items would tell. */
    UNSURE
  }

  static Retention of(ConfidenceInterval kept, double threshold) {
    if (kept.low() >= threshold) {
      return new Retention(kept, Verdict.KEPT);
    }
    return new Retention(kept, kept.high() < threshold ? Verdict.LOST : Verdict.UNSURE);
  }
}
