package io.adapt4j.core.train;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * How a run ended.
 *
 * @param reason why it ended
 * @param steps optimizer steps performed
 * @param firstLoss training loss of the first step
 * @param lastLoss training loss of the last step
 * @param initialValidationLoss validation loss before the first step, if there is validation data
 * @param bestValidationLoss the validation loss of the best evaluation, if there is validation data
 * @param bestStep the step it was reached at
 * @param bestMetrics what the task measured there besides the loss; may be empty
 * @param best folder of the checkpoint to use: the best one kept, else the last
 * @param last folder of the last checkpoint
 * @param elapsed time of the run
 */
public record TrainingResult(
    StopReason reason,
    int steps,
    double firstLoss,
    double lastLoss,
    OptionalDouble initialValidationLoss,
    OptionalDouble bestValidationLoss,
    OptionalInt bestStep,
    Map<String, Double> bestMetrics,
    Path best,
    Path last,
    Duration elapsed) {}
