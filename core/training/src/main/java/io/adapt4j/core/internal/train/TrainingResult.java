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
 * @param bestStep the step of the best evaluation; 0 if none was better than the one before
 *     training
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
