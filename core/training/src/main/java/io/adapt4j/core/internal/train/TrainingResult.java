package io.adapt4j.core.internal.train;

import io.adapt4j.core.train.RunOutcome;
import io.adapt4j.core.train.StopReason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Result of a run.
 *
 * @param initialMetrics the task's metrics before training, without the loss; may be empty
 * @param lastMetrics the task's metrics at the last evaluation, without the loss; may be empty
 * @param bestStep the step of the best evaluation; 0 if none was better than the one before
 *     training
 * @param bestMetrics the task's metrics at the best evaluation, without the loss; may be empty
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
