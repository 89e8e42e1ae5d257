package io.adapt4j.core;

import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * How a fine-tuning went.
 *
 * @param plan what was to be done
 * @param result what was done
 */
public record FineTuneReport(FineTunePlan plan, TrainingResult result) {

  /**
   * Returns the checkpoint to use.
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
   * Returns the validation loss of the best evaluation.
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
}
