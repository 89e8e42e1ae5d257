package io.adapt4j.core.plan;

/**
 * What a plan is made for.
 *
 * @param device where the run is to take place
 * @param timedSteps steps to perform and time; 0 for none
 */
public record PlanOptions(Device device, int timedSteps) {

  /**
   * Checks the number.
   *
   * @param device where the run is to take place
   * @param timedSteps steps to perform and time, at least 0
   * @throws IllegalArgumentException if it is negative
   */
  public PlanOptions {
    if (timedSteps < 0) {
      throw new IllegalArgumentException("timedSteps must be at least 0, found " + timedSteps);
    }
  }

  /**
   * Plans for this machine without performing a step.
   *
   * @return the options
   */
  public static PlanOptions defaults() {
    return new PlanOptions(Device.machine(), 0);
  }

  /**
   * Plans for this machine and times some steps, which needs the weights.
   *
   * @param steps how many, at least 1
   * @return the options
   * @throws IllegalArgumentException if it is below 1
   */
  public static PlanOptions timed(int steps) {
    if (steps < 1) {
      throw new IllegalArgumentException("timed steps must be at least 1, found " + steps);
    }
    return new PlanOptions(Device.machine(), steps);
  }

  /**
   * Plans for another device. Steps are timed on this machine all the same.
   *
   * @param other the device
   * @return the changed options
   */
  public PlanOptions on(Device other) {
    return new PlanOptions(other, timedSteps);
  }
}
