package extensions;

import io.adapt4j.core.train.LearningRateSchedule;

/** The schedule of Vaswani et al. 2017: the rate falls with the square root of the steps. */
public final class InverseSquareRoot {

  private InverseSquareRoot() {}

  /** Falls from the full rate to a third of it at the end of the run. */
  public static LearningRateSchedule schedule() {
    return LearningRateSchedule.custom(
        "inverse square root to 1/3", (done, warmup) -> 1 / Math.sqrt(1 + 8 * done));
  }
}
