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
 * @param reason why it ended
 * @param steps optimizer steps performed
 * @param tokenLoss whether losses are cross-entropies of tokens, which have a perplexity
 * @param firstLoss training loss of the first step
 * @param lastLoss mean training loss of the last steps
 * @param initialValidationLoss validation loss before the first step, if there is validation data
 * @param initialMetrics what the task measured there besides the loss; may be empty
 * @param lastValidationLoss validation loss of the last evaluation, if there is validation data
 * @param lastMetrics what the task measured there besides the loss; may be empty
 * @param outcome what training did to the model
 * @param bestValidationLoss the validation loss of the best evaluation, that before training
 *     included, if there is validation data
 * @param bestStep the step it was reached at; 0 where no evaluation was better than that before
 *     training
 * @param bestMetrics what the task measured there besides the loss; may be empty
 * @param best folder of the checkpoint to use: the best one where it is kept, which holds the model
 *     before training if no evaluation was better, else the last
 * @param last folder of the last checkpoint
 * @param elapsed time of the run
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
