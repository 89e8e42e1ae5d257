package io.adapt4j.core.train;

import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleBinaryOperator;

/**
 * Learning-rate schedule, defined as in Hugging Face Transformers.
 *
 * <p>All schedules warm up linearly from 0. A warmup longer than the run is allowed and never
 * reaches the full rate. Two schedules are equal if their descriptions are.
 */
public final class LearningRateSchedule {

  /** Constant at the full rate after the warmup. */
  public static final LearningRateSchedule CONSTANT =
      new LearningRateSchedule("constant", (progress, warmup) -> 1);

  /** Linear decay to 0 at the last step. */
  public static final LearningRateSchedule LINEAR =
      new LearningRateSchedule("linear", (progress, warmup) -> 1 - progress);

  /** Cosine decay to 0 (Loshchilov and Hutter 2017, without restarts). */
  public static final LearningRateSchedule COSINE =
      new LearningRateSchedule("cosine", (progress, warmup) -> halfCosine(progress));

  private static final String CUSTOM = "custom";

  private final String description;
  private final String name;
  private final Map<String, Double> options;
  private final DoubleBinaryOperator curve;

  private LearningRateSchedule(String name, DoubleBinaryOperator curve) {
    this(name, name, Map.of(), curve);
  }

  private LearningRateSchedule(
      String description, String name, Map<String, Double> options, DoubleBinaryOperator curve) {
    this.description = description;
    this.name = name;
    this.options = options;
    this.curve = curve;
  }

  /**
   * Returns the name of this schedule in run descriptions.
   *
   * @return {@code constant}, {@code linear}, {@code cosine}, {@code cosineWithRestarts}, {@code
   *     polynomial} or {@code warmupStableDecay}; {@code custom} for a function
   */
  public String name() {
    return name;
  }

  /**
   * Returns the arguments of the schedule.
   *
   * @return values by name; empty if it has none
   */
  public Map<String, Double> options() {
    return options;
  }

  /**
   * Returns cosine decay to a share of the full rate.
   *
   * @param end the share at the last step, in [0, 1)
   * @return the schedule
   * @throws IllegalArgumentException if the share is out of range
   */
  public static LearningRateSchedule cosineTo(double end) {
    requireShare("end", end);
    return new LearningRateSchedule(
        "cosine to " + end,
        "cosine",
        Map.of("end", end),
        (progress, warmup) -> end + (1 - end) * halfCosine(progress));
  }

  /**
   * Returns cosine decay to 0 with hard restarts from the full rate (Loshchilov and Hutter 2017).
   *
   * @param cycles number of cycles, at least 1
   * @return the schedule
   * @throws IllegalArgumentException if there is no cycle
   */
  public static LearningRateSchedule cosineWithRestarts(int cycles) {
    requireAtLeast(1, "cycles", cycles);
    return new LearningRateSchedule(
        "cosine with " + cycles + " cycles",
        "cosineWithRestarts",
        Map.of("cycles", (double) cycles),
        (progress, warmup) -> progress >= 1 ? 0 : halfCosine(cycles * progress % 1));
  }

  /**
   * Returns polynomial decay.
   *
   * @param power above 0; 1 for a line
   * @param end the share of the full rate at the last step, in [0, 1)
   * @return the schedule
   * @throws IllegalArgumentException if a number is out of range
   */
  public static LearningRateSchedule polynomial(double power, double end) {
    requireShare("end", end);
    if (!(power > 0 && Double.isFinite(power))) {
      throw new IllegalArgumentException("power must be above 0, but is " + power);
    }
    return new LearningRateSchedule(
        "polynomial of power " + power + " to " + end,
        "polynomial",
        Map.of("power", power, "end", end),
        (progress, warmup) -> end + (1 - end) * Math.pow(1 - progress, power));
  }

  /**
   * Returns a warmup-stable-decay schedule: constant at the full rate with linear decay to 0 over
   * the last steps (Hu et al. 2024).
   *
   * @param decayRatio share of all steps with decay, in (0, 1]
   * @return the schedule
   * @throws IllegalArgumentException if the share is out of range
   */
  public static LearningRateSchedule warmupStableDecay(double decayRatio) {
    if (!(decayRatio > 0 && decayRatio <= 1)) {
      throw new IllegalArgumentException("decayRatio must be in (0, 1], but is " + decayRatio);
    }
    return new LearningRateSchedule(
        "warm-up, stable, decay over " + decayRatio,
        "warmupStableDecay",
        Map.of("decayRatio", decayRatio),
        (progress, warmup) -> {
          double after = 1 - warmup;
          return Math.min(1, (1 - progress) * after / Math.min(decayRatio, after));
        });
  }

  /**
   * Returns a custom schedule. A resumed run must be given the same function under the same
   * description. A run description, as in YAML, cannot hold it.
   *
   * @param description identifies the schedule in logs and when a run resumes
   * @param factor the factor of the full rate after the warmup, finite; below 0 counts as 0. Its
   *     arguments are the share of the steps after the warmup that are done, in [0, 1], and the
   *     share of all steps that are warmup, in [0, 1]
   * @return the schedule
   * @throws IllegalArgumentException if the description is blank
   */
  public static LearningRateSchedule custom(String description, DoubleBinaryOperator factor) {
    if (description.isBlank()) {
      throw new IllegalArgumentException("description: expected a text, found none");
    }
    return new LearningRateSchedule(
        CUSTOM + " " + description, CUSTOM, Map.of(), Objects.requireNonNull(factor, "factor"));
  }

  /**
   * Returns whether the schedule is a custom function, which a run description cannot hold.
   *
   * @return true for one of {@link #custom}
   */
  public boolean isCustom() {
    return name.equals(CUSTOM);
  }

  private static double halfCosine(double progress) {
    return 0.5 * (1 + Math.cos(Math.PI * progress));
  }

  /**
   * Returns the factor of the base learning rate.
   *
   * @param step index of the optimizer step, from 0; steps at or after {@code totalSteps} get the
   *     final factor
   * @param warmupSteps optimizer steps of warmup, 0 for none
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
    if (warmupSteps >= totalSteps) {
      return factorOf(1, 0);
    }
    double progress = (double) (step - warmupSteps) / (totalSteps - warmupSteps);
    double warmup = (double) warmupSteps / totalSteps;
    return Math.max(0, factorOf(Math.min(1, progress), warmup));
  }

  private double factorOf(double progress, double warmup) {
    double factor = curve.applyAsDouble(progress, warmup);
    if (!Double.isFinite(factor)) {
      throw new IllegalStateException(
          "schedule '%s': expected a finite factor at progress %s, found %s"
              .formatted(description, progress, factor));
    }
    return factor;
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

  @Override
  public boolean equals(Object other) {
    return other instanceof LearningRateSchedule one && one.description.equals(description);
  }

  @Override
  public int hashCode() {
    return description.hashCode();
  }

  /** Returns a description that identifies the schedule. */
  @Override
  public String toString() {
    return description;
  }
}
