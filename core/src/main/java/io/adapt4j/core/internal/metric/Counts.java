package io.adapt4j.core.internal.metric;

/**
 * Right and wrong decisions for one class. As in scikit-learn with {@code zero_division=0}, a share
 * of nothing is 0.
 */
public record Counts(long right, long wrong, long missed) {

  /** Nothing counted yet. */
  public static final Counts NONE = new Counts(0, 0, 0);

  /** Adds other decisions. */
  public Counts plus(Counts other) {
    return new Counts(right + other.right, wrong + other.wrong, missed + other.missed);
  }

  /** Returns how many truly belong to the class. */
  public long support() {
    return right + missed;
  }

  /** {@return whether the class occurs, in the truth or in the predictions} */
  public boolean occurs() {
    return right + wrong + missed > 0;
  }

  /** Returns the share of the predictions that are true. */
  public double precision() {
    return share(right, right + wrong);
  }

  /** Returns the share of the true ones that are predicted. */
  public double recall() {
    return share(right, right + missed);
  }

  /** Returns the harmonic mean of precision and recall. */
  public double f1() {
    return share(2 * right, 2 * right + wrong + missed);
  }

  private static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }
}
