package io.adapt4j.core.train;

import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleBinaryOperator;

/**
 * How the learning rate changes over a run, as the schedules of Hugging Face Transformers define
 * it.
 *
 * <p>All rise linearly from 0 during the warm-up steps. A warm-up longer than the run is allowed
 * and never reaches the full rate. Two schedules are equal if they are described the same.
 */
public final class LearningRateSchedule {

  /** The full rate after the warm-up. */
  public static final LearningRateSchedule CONSTANT =
      new LearningRateSchedule("constant", (progress, warmup) -> 1);

  /** Falls linearly to 0 at the last step. */
  public static final LearningRateSchedule LINEAR =
      new LearningRateSchedule("linear", (progress, warmup) -> 1 - progress);

  /** Falls to 0 along half a cosine (Loshchilov and Hutter 2017, without restarts). */
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
   * Returns what a description calls this schedule.
   *
   * @return {@code constant}, {@code linear}, {@code cosine}, {@code cosineWithRestarts}, {@code
   *     polynomial} or {@code warmupStableDecay}; {@code custom} for one that is code
   */
  public String name() {
    return name;
  }

  /**
   * Returns the arguments it was made with.
   *
   * @return values by name; none where there is nothing to choose
   */
  public Map<String, Double> options() {
    return options;
  }

  /**
   * Falls along half a cosine to a share of the full rate.
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
   * Falls to 0 along half a cosine several times, each time from the full rate (Loshchilov and
   * Hutter 2017).
   *
   * @param cycles how often, at least 1
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
   * Falls along a power of what is left.
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
   * Stays at the full rate and falls linearly to 0 over the last steps (Hu et al. 2024).
   *
   * @param decayRatio the share of all steps in which it falls, in (0, 1]
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
   * Follows a function of your own. A run that continues from a checkpoint has to be given the same
   * one under the same description. A description of the run, as in YAML, cannot hold it.
   *
   * @param description tells it from others in logs and when a run continues
   * @param factor the factor on the full rate after the warm-up, finite; below 0 counts as 0. It
   *     gets the share of the steps after the warm-up that are done, in [0, 1], and the share of
   *     all steps that are warm-up, in [0, 1]
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
   * Returns whether the schedule is code, which a description of a run cannot hold.
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

  /** Returns a description that tells schedules apart. */
  @Override
  public String toString() {
    return description;
  }
}
