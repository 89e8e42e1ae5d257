package io.adapt4j.core.internal.train;

import io.adapt4j.core.train.LearningRateSchedule;
import java.util.Objects;

/** Learning rate of each step of a run. */
public record LearningRate(
    LearningRateSchedule schedule, double base, Warmup warmup, int totalSteps) {

  /** Checks the ranges. */
  public LearningRate {
    Objects.requireNonNull(schedule, "schedule");
    Objects.requireNonNull(warmup, "warmup");
    if (!(base > 0 && Double.isFinite(base))) {
      throw new IllegalArgumentException(
          "learning rate must be a finite number above 0, but is " + base);
    }
    if (totalSteps < 1) {
      throw new IllegalArgumentException("totalSteps must be at least 1, but is " + totalSteps);
    }
  }

  public double rate(int step) {
    return base * schedule.factor(step, warmup.steps(totalSteps), totalSteps);
  }
}
