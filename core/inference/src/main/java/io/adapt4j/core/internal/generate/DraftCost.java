package io.adapt4j.core.internal.generate;

/**
 * Measured cost of one kind of guesses of a model, in passes without guesses, and whether guesses
 * of recent texts have saved time. Not thread safe.
 */
final class DraftCost {

  /** Passes measured before their time counts. */
  private static final int LEAST = 3;

  /** Weight of a new measurement. */
  private static final double WEIGHT = 0.2;

  /** Bound of a measurement over the mean so far: the machine may have done something else. */
  private static final double OUTLIER = 3;

  /** Mean nanoseconds of a pass by the binary logarithm of its guesses, with one more in front. */
  private final double[] nanos = new double[2 + Integer.numberOfTrailingZeros(RequestBatch.MOST)];

  private final int[] counts = new int[nanos.length];

  private final boolean isMeasured;

  /** Mean passes that a guess has saved. */
  private double gain;

  /** Creates costs that are to be measured. */
  DraftCost() {
    this(true);
  }

  private DraftCost(boolean isMeasured) {
    this.isMeasured = isMeasured;
  }

  /**
   * Returns costs that stay unknown, so that guesses depend on their text alone: where the width of
   * a pass changes the rounding, what a text gets must not follow the time that passes took.
   */
  static DraftCost unmeasured() {
    return new DraftCost(false);
  }

  private static int kind(int guesses) {
    return guesses == 0 ? 0 : 32 - Integer.numberOfLeadingZeros(guesses);
  }

  /** Records the time of a pass, with that of guessing. */
  void took(int guesses, long time) {
    if (!isMeasured) {
      return;
    }
    int kind = Math.min(kind(guesses), nanos.length - 1);
    double mean = nanos[kind];
    boolean isFirst = counts[kind]++ == 0;
    nanos[kind] = isFirst ? time : mean + WEIGHT * (Math.min((double) time, OUTLIER * mean) - mean);
  }

  /** Returns the passes that checking guesses takes longer than one; 0 if it is not known yet. */
  double of(int guesses) {
    int wanted = Math.min(kind(guesses), nanos.length - 1);
    if (counts[0] < LEAST) {
      return 0;
    }
    int kind = wanted;
    while (kind > 0 && counts[kind] < LEAST) {
      kind--;
    }
    // Of longer guesses that were never tried, as much for each token as of shorter ones.
    return kind == 0 ? 0 : Math.max(0, nanos[kind] / nanos[0] - 1) * (1 << (wanted - kind));
  }

  /** Records the passes that a guess has saved; negative if it has cost time. */
  void saved(double passes) {
    gain += WEIGHT * (passes - gain);
  }

  /** Returns the number of tokens to guess first in a text. */
  int first(int most) {
    return gain < 0 ? Math.min(1, most) : most;
  }
}
