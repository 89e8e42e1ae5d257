package io.adapt4j.core.internal.train;

import io.adapt4j.core.train.RunOutcome;
import io.adapt4j.core.train.StopReason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * How a run ended.
 *
 * @param initialMetrics what the task measured there besides the loss; may be empty
 * @param lastMetrics what the task measured there besides the loss; may be empty
 * @param bestStep the step it was reached at; 0 where no evaluation was better than that before
 *     training
 * @param bestMetrics what the task measured there besides the loss; may be empty
 */
public record TrainingResult(
    StopReason reason,
    int steps,
    boolean tokenLoss,
    double firstLoss,
    double lastLoss,
    OptionalDouble initialValidationLoss,
    Map<String, Double> initialMetrics,
    OptionalDouble lastValidationLoss,
    Map<String, Double> lastMetrics,
    RunOutcome outcome,
    OptionalDouble bestValidationLoss,
    OptionalInt bestStep,
    Map<String, Double> bestMetrics,
    Path best,
    Path last,
    Duration elapsed) {}
