package io.adapt4j.core;

import io.adapt4j.core.monitor.RunMetrics;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.train.RunOutcome;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingResult;
import io.adapt4j.core.train.TrainingWarning;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * How a fine-tuning went.
 *
 * @param plan what was to be done
 * @param result what was done
 * @param figures speed, memory and warnings
 */
public record FineTuneReport(FineTunePlan plan, TrainingResult result, RunMetrics figures) {

  /**
   * Makes the report of a run that was not watched.
   *
   * @param plan what was to be done
   * @param result what was done
   */
  public FineTuneReport(FineTunePlan plan, TrainingResult result) {
    this(plan, result, RunMetrics.NONE);
  }

  /**
   * Returns the checkpoint to use.
   *
   * <p>With {@link FineTuner.Builder#keepBest} it is never worse than the model before training by
   * the metric that decides: where no evaluation was better, it holds that model itself, with an
   * adapter that changes nothing or as a copy of the base. Without it, nothing but the last
   * checkpoint is there; {@link #outcome} says what that is worth.
   *
   * @return folder of the best checkpoint if it was kept, else of the last
   */
  public Path best() {
    return result.best();
  }

  /**
   * Returns the newest checkpoint.
   *
   * @return its folder
   */
  public Path last() {
    return result.last();
  }

  /**
   * Returns what training did to the model, by the validation loss or the metric that decides.
   *
   * @return whether the run ended better or worse than it began
   */
  public RunOutcome outcome() {
    return result.outcome();
  }

  /**
   * Returns why the run ended.
   *
   * @return the reason
   */
  public StopReason reason() {
    return result.reason();
  }

  /**
   * Returns the validation loss before training.
   *
   * @return mean cross-entropy a target token; empty without validation data
   */
  public OptionalDouble initialValidationLoss() {
    return result.initialValidationLoss();
  }

  /**
   * Returns the validation loss of the best evaluation, that before training included.
   *
   * @return the mean over targets; empty without validation data
   */
  public OptionalDouble bestValidationLoss() {
    return result.bestValidationLoss();
  }

  /**
   * Returns what the task measured at the best checkpoint besides the loss.
   *
   * @return such as {@code accuracy}; empty without validation data, and where tokens are predicted
   */
  public Map<String, Double> bestMetrics() {
    return result.bestMetrics();
  }

  /**
   * Returns the time training took.
   *
   * @return from the first evaluation to the last checkpoint
   */
  public Duration elapsed() {
    return result.elapsed();
  }

  /**
   * Returns what looked wrong during the run.
   *
   * @return warnings in the order they were raised, but first that the run ended worse than it
   *     began; empty if nothing did
   */
  public List<TrainingWarning> warnings() {
    return figures.warnings().stream()
        .sorted(Comparator.comparing(one -> one.kind() != TrainingWarning.Kind.ENDED_WORSE))
        .toList();
  }

  /**
   * Returns this report in words: first of all whether it ended worse than it began, then how it
   * ended, losses, speed, memory, where the checkpoints are, and the warnings.
   *
   * @return lines for people, each ended by a line feed
   */
  public String text() {
    return ReportText.of(this);
  }
}
