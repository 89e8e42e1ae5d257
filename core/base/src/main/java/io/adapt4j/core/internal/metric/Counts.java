package io.adapt4j.core.internal.metric;

/**
 * True positives ({@code right}), false positives ({@code wrong}) and false negatives ({@code
 * missed}) of one class. As in scikit-learn with {@code zero_division=0}, a ratio over 0 is 0.
 */
public record Counts(long right, long wrong, long missed) {

  /** Zero counts. */
  public static final Counts NONE = new Counts(0, 0, 0);

  public Counts plus(Counts other) {
    return new Counts(right + other.right, wrong + other.wrong, missed + other.missed);
  }

  /** Returns the number of true members of the class. */
  public long support() {
    return right + missed;
  }

  /** {@return whether the class occurs, in the truth or in the predictions} */
  public boolean occurs() {
    return right + wrong + missed > 0;
  }

  public double precision() {
    return share(right, right + wrong);
  }

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
