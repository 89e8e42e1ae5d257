package io.adapt4j.core.internal.train;

/** Length of the learning-rate warmup. */
public sealed interface Warmup {
  Warmup NONE = new Steps(0);

  /** Returns the number of warmup steps in a run. */
  int steps(int totalSteps);

  /** Returns a warmup of a fixed number of steps. */
  static Warmup ofSteps(int steps) {
    return new Steps(steps);
  }

  /** Returns a warmup over a share of the run, rounded up to whole steps. */
  static Warmup ofRatio(double ratio) {
    return new Ratio(ratio);
  }

  /** A fixed number of optimizer steps. */
  record Steps(int count) implements Warmup {
    /** Checks the number. */
    public Steps {
      if (count < 0) {
        throw new IllegalArgumentException("warm-up steps must be at least 0, but is " + count);
      }
    }

    @Override
    public int steps(int totalSteps) {
      return count;
    }
  }

  /** A share of the optimizer steps. */
  record Ratio(double ratio) implements Warmup {
    public Ratio {
      if (!(ratio >= 0 && ratio <= 1)) {
        throw new IllegalArgumentException(
            "warm-up ratio must be between 0 and 1, but is " + ratio);
      }
    }

    @Override
    public int steps(int totalSteps) {
      return (int) Math.ceil(totalSteps * ratio);
    }
  }
}
