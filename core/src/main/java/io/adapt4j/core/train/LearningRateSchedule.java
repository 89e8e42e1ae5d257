package io.adapt4j.core.train;

/**
 * How the learning rate changes over a run, as the schedules of Hugging Face Transformers define
 * it.
 *
 * <p>All rise linearly from 0 during the warm-up steps. A warm-up longer than the run is allowed
 * and never reaches the full rate.
 */
public sealed interface LearningRateSchedule {

  /** The full rate after the warm-up. */
  LearningRateSchedule CONSTANT = new Constant();

  /** Falls linearly to 0 at the last step. */
  LearningRateSchedule LINEAR = new Polynomial(1, 0);

  /** Falls to 0 along half a cosine (Loshchilov and Hutter 2017, without restarts). */
  LearningRateSchedule COSINE = new Cosine(0);

  /**
   * Falls along half a cosine to a share of the full rate.
   *
   * @param end the share at the last step, in [0, 1)
   * @return the schedule
   */
  static LearningRateSchedule cosineTo(double end) {
    return new Cosine(end);
  }

  /**
   * Falls to 0 along half a cosine several times, each time from the full rate (Loshchilov and
   * Hutter 2017).
   *
   * @param cycles how often, at least 1
   * @return the schedule
   */
  static LearningRateSchedule cosineWithRestarts(int cycles) {
    return new CosineWithRestarts(cycles);
  }

  /**
   * Falls along a power of what is left.
   *
   * @param power above 0; 1 for a line
   * @param end the share of the full rate at the last step, in [0, 1)
   * @return the schedule
   */
  static LearningRateSchedule polynomial(double power, double end) {
    return new Polynomial(power, end);
  }

  /**
   * Stays at the full rate and falls linearly to 0 over the last steps (Hu et al. 2024).
   *
   * @param decayRatio the share of all steps in which it falls, in (0, 1]
   * @return the schedule
   */
  static LearningRateSchedule warmupStableDecay(double decayRatio) {
    return new WarmupStableDecay(decayRatio);
  }

  /**
   * The factor after the warm-up.
   *
   * @param progress share of the steps after the warm-up that are done, in [0, 1]
   * @param warmupShare share of all steps that are warm-up, in [0, 1]
   * @return a factor from 0 to 1
   */
  double afterWarmup(double progress, double warmupShare);

  /**
   * The factor on the base learning rate.
   *
   * @param step index of the optimizer step, from 0; steps at or after {@code totalSteps} get the
   *     factor of the end
   * @param warmupSteps optimizer steps of warm-up, 0 for none
   * @param totalSteps optimizer steps of the run, at least 1
   * @return a factor from 0 to 1
   * @throws IllegalArgumentException if an argument is out of range
   */
  default double factor(int step, int warmupSteps, int totalSteps) {
    requireAtLeast(0, "step", step);
    requireAtLeast(0, "warmupSteps", warmupSteps);
    requireAtLeast(1, "totalSteps", totalSteps);
    if (step < warmupSteps) {
      return (double) step / warmupSteps;
    }
    double progress = (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
    double share = Math.min(1, (double) warmupSteps / totalSteps);
    return Math.max(0, afterWarmup(Math.min(1, progress), share));
  }

  /** The full rate. */
  record Constant() implements LearningRateSchedule {

    @Override
    public double afterWarmup(double progress, double warmupShare) {
      return 1;
    }
  }

  /**
   * Half a cosine.
   *
   * @param end the share of the full rate at the last step, in [0, 1)
   */
  record Cosine(double end) implements LearningRateSchedule {

    /**
     * Checks the range.
     *
     * @param end the share of the full rate at the last step, in [0, 1)
     */
    public Cosine {
      requireShare("end", end);
    }

    @Override
    public double afterWarmup(double progress, double warmupShare) {
      return end + (1 - end) * 0.5 * (1 + Math.cos(Math.PI * progress));
    }
  }

  /**
   * Half a cosine, again and again.
   *
   * @param cycles how often, at least 1
   */
  record CosineWithRestarts(int cycles) implements LearningRateSchedule {

    /**
     * Checks the range.
     *
     * @param cycles how often, at least 1
     */
    public CosineWithRestarts {
      requireAtLeast(1, "cycles", cycles);
    }

    @Override
    public double afterWarmup(double progress, double warmupShare) {
      return progress >= 1 ? 0 : 0.5 * (1 + Math.cos(Math.PI * (cycles * progress % 1)));
    }
  }

  /**
   * A power of what is left.
   *
   * @param power above 0
   * @param end the share of the full rate at the last step, in [0, 1)
   */
  record Polynomial(double power, double end) implements LearningRateSchedule {

    /**
     * Checks the ranges.
     *
     * @param power above 0
     * @param end the share of the full rate at the last step, in [0, 1)
     */
    public Polynomial {
      requireShare("end", end);
      if (!(power > 0 && Double.isFinite(power))) {
        throw new IllegalArgumentException("power must be above 0, but is " + power);
      }
    }

    @Override
    public double afterWarmup(double progress, double warmupShare) {
      return end + (1 - end) * Math.pow(1 - progress, power);
    }
  }

  /**
   * The full rate, then a fall at the end.
   *
   * @param decayRatio the share of all steps in which it falls, in (0, 1]
   */
  record WarmupStableDecay(double decayRatio) implements LearningRateSchedule {

    /**
     * Checks the range.
     *
     * @param decayRatio the share of all steps in which it falls, in (0, 1]
     */
    public WarmupStableDecay {
      if (!(decayRatio > 0 && decayRatio <= 1)) {
        throw new IllegalArgumentException("decayRatio must be in (0, 1], but is " + decayRatio);
      }
    }

    @Override
    public double afterWarmup(double progress, double warmupShare) {
      double left = (1 - progress) * (1 - warmupShare);
      return Math.min(1, left / Math.min(decayRatio, Math.max(1e-12, 1 - warmupShare)));
    }
  }

  private static void requireShare(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + " must be in [0, 1), but is " + value);
    }
  }

  private static void requireAtLeast(int least, String name, int value) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", but is " + value);
    }
  }
}
