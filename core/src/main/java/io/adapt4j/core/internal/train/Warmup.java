package io.adapt4j.core.internal.train;

/** How long the learning rate rises before it reaches its full value. */
public sealed interface Warmup {
  /** No warm-up. */
  Warmup NONE = new Steps(0);

  /**
   * The length of the warm-up in a run.
   *
   * @param totalSteps optimizer steps of the run
   * @return optimizer steps
   */
  int steps(int totalSteps);

  /**
   * A fixed number of steps.
   *
   * @param steps optimizer steps, at least 0
   * @return the warm-up
   * @throws IllegalArgumentException if the number is negative
   */
  static Warmup ofSteps(int steps) {
    return new Steps(steps);
  }

  /**
   * A share of the run, rounded up to whole steps.
   *
   * @param ratio between 0 and 1
   * @return the warm-up
   * @throws IllegalArgumentException if the ratio is outside that range
   */
  static Warmup ofRatio(double ratio) {
    return new Ratio(ratio);
  }

  /**
   * A fixed number of optimizer steps.
   *
   * @param count optimizer steps, at least 0
   */
  record Steps(int count) implements Warmup {
    /**
     * Checks the number.
     *
     * @param count optimizer steps, at least 0
     * @throws IllegalArgumentException if it is negative
     */
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

  /**
   * A share of the optimizer steps.
   *
   * @param ratio between 0 and 1
   */
  record Ratio(double ratio) implements Warmup {
    /**
     * Checks the ratio.
     *
     * @param ratio between 0 and 1
     * @throws IllegalArgumentException if it is outside that range
     */
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
