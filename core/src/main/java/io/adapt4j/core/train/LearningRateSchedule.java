package io.adapt4j.core.train;

/**
 * How the learning rate changes over a run, as the schedules of Hugging Face Transformers define it
 * ({@code constant_with_warmup}, {@code linear} and {@code cosine}).
 *
 * <p>All rise linearly from 0 during the warm-up steps. A warm-up longer than the run is allowed
 * and never reaches the full rate.
 */
public enum LearningRateSchedule {
  /** The full rate after the warm-up. */
  CONSTANT {
    @Override
    double afterWarmup(double progress) {
      return 1;
    }
  },
  /** Falls linearly to 0 at the last step. */
  LINEAR {
    @Override
    double afterWarmup(double progress) {
      return 1 - progress;
    }
  },
  /** Falls to 0 along half a cosine (Loshchilov and Hutter 2017, without restarts). */
  COSINE {
    @Override
    double afterWarmup(double progress) {
      return 0.5 * (1 + Math.cos(Math.PI * progress));
    }
  };

  /** The factor when a share between 0 and 1 of the steps after the warm-up is done. */
  abstract double afterWarmup(double progress);

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
  public double factor(int step, int warmupSteps, int totalSteps) {
    requireAtLeast(0, "step", step);
    requireAtLeast(0, "warmupSteps", warmupSteps);
    requireAtLeast(1, "totalSteps", totalSteps);
    if (step < warmupSteps) {
      return (double) step / warmupSteps;
    }
    double progress = (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
    return Math.max(0, afterWarmup(Math.min(1, progress)));
  }

  private static void requireAtLeast(int least, String name, int value) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", but is " + value);
    }
  }
}
