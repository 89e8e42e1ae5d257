package io.adapt4j.core.train;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A finished optimizer step.
 *
 * @param step number of the step, from 1
 * @param totalSteps planned optimizer steps
 * @param epoch epochs so far, with fraction
 * @param loss mean training loss per target token of the step
 * @param learningRate learning rate used by the step
 * @param gradientNorm global L2 norm of the gradients before clipping
 * @param tokensPerSecond tokens processed per second, padding not counted
 * @param targetTokens number of target tokens of the step
 * @param elapsed time since the run started
 * @param remaining estimated time to the end of the run; {@link #UNKNOWN_TIME} in the first steps,
 *     which take longer than others. {@link #timeLeft} returns it as an optional
 * @param penalty value of the regularization terms in the loss; 0 without any
 * @param duration time the step took; zero if it was not measured
 * @param resources resource usage of the process
 * @param metrics metrics of the step besides the loss, in display order; empty for most tasks
 */
public record StepEvent(
    int step,
    int totalSteps,
    double epoch,
    double loss,
    double learningRate,
    double gradientNorm,
    double tokensPerSecond,
    long targetTokens,
    Duration elapsed,
    Duration remaining,
    double penalty,
    Duration duration,
    ResourceUse resources,
    Map<String, Double> metrics) {

  /** Value of the remaining time while it is unknown. */
  public static final Duration UNKNOWN_TIME = Duration.ofNanos(-1);

  /**
   * Checks the times and copies the metrics. Throws {@link NullPointerException} if one is null.
   */
  public StepEvent {
    Objects.requireNonNull(elapsed, "elapsed");
    Objects.requireNonNull(remaining, "remaining");
    Objects.requireNonNull(duration, "duration");
    Objects.requireNonNull(resources, "resources");
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /**
   * {@return the estimated time to the end of the run; empty in the first steps, which take longer
   * than others}
   */
  public Optional<Duration> timeLeft() {
    return remaining.isNegative() ? Optional.empty() : Optional.of(remaining);
  }

  /**
   * Returns the throughput of target tokens.
   *
   * @return target tokens per second; NaN if the step was not timed
   */
  public double targetTokensPerSecond() {
    return duration.isZero() ? Double.NaN : targetTokens / (duration.toNanos() / 1e9);
  }
}
