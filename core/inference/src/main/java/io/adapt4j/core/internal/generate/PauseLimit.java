package io.adapt4j.core.internal.generate;

import java.time.Duration;

/**
 * Number of prompt tokens in a step beside answers, such that the step takes no longer than a time.
 * It follows the measured time of the steps. Not thread safe.
 */
final class PauseLimit {

  /** A prompt always advances by this many tokens. */
  static final int LEAST = 8;

  /** Part of the time that steps aim at, as the next may take longer than the last. */
  private static final double AIM = 0.7;

  private static final double MOST_GROWTH = 1.25;

  /** In nanoseconds; 0 for no limit. */
  private final double aim;

  private final int most;
  private double tokens;

  /** Creates a limit; a time of zero limits nothing. */
  PauseLimit(Duration time, int most) {
    this.aim = AIM * (1e9 * time.getSeconds() + time.getNano());
    this.most = most;
    this.tokens = aim == 0 ? most : 2.0 * LEAST;
  }

  boolean isSet() {
    return aim > 0;
  }

  /** Returns the prompt tokens of the next step. */
  int tokens() {
    return (int) tokens;
  }

  /** Notes the time of a step beside answers, and the prompt tokens it has read. */
  void took(long nanos, int read) {
    if (isSet() && read > 0 && (nanos > aim || read >= tokens())) {
      double next = tokens * Math.min(MOST_GROWTH, aim / Math.max(1, nanos));
      tokens = Math.min(most, Math.max(LEAST, next));
    }
  }
}
