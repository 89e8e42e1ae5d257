package io.adapt4j.eval;

import io.adapt4j.eval.stats.ConfidenceInterval;

/**
 * Share of a baseline's score on a general task that another candidate retains.
 *
 * @param kept the candidate's metric divided by the baseline's, or the inverse if smaller is
 *     better, so that 1 is full retention; with its interval
 * @param verdict the conclusion
 */
public record Retention(ConfidenceInterval kept, Verdict verdict) {

  /** Conclusions about retention. */
  public enum Verdict {
    /** The whole interval is at or above the threshold. */
    KEPT,
    /** The whole interval is below the threshold. */
    LOST,
    /** The interval contains the threshold: more items are needed. */
    UNSURE
  }

  static Retention of(ConfidenceInterval kept, double threshold) {
    if (kept.low() >= threshold) {
      return new Retention(kept, Verdict.KEPT);
    }
    return new Retention(kept, kept.high() < threshold ? Verdict.LOST : Verdict.UNSURE);
  }
}
