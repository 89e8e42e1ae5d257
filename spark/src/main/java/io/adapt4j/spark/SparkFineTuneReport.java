package io.adapt4j.spark;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How a fine-tuning on Spark went.
 *
 * @param workers how many trained together
 * @param attempts how often the stage was run, the last time to the end
 * @param failures the first failure of each attempt that did not come to the end
 * @param steps optimizer steps of the run
 * @param firstLoss training loss of the first step
 * @param lastLoss mean training loss of the last steps
 * @param bestValidationLoss validation loss of the best evaluation; empty without validation data
 * @param best folder of the checkpoint to use: the best if it was kept, else the last
 * @param last folder of the last checkpoint
 * @param bytesPerStep bytes that a worker has sent to the others in a step
 * @param elapsed time of the last attempt
 */
public record SparkFineTuneReport(
    int workers,
    int attempts,
    List<String> failures,
    int steps,
    double firstLoss,
    double lastLoss,
    OptionalDouble bestValidationLoss,
    Path best,
    Path last,
    long bytesPerStep,
    Duration elapsed) {

  /**
   * Copies the list.
   *
   * @param workers how many trained together
   * @param attempts how often the stage was run
   * @param failures the first failure of each attempt that did not come to the end
   * @param steps optimizer steps of the run
   * @param firstLoss training loss of the first step
   * @param lastLoss mean training loss of the last steps
   * @param bestValidationLoss validation loss of the best evaluation
   * @param best folder of the checkpoint to use
   * @param last folder of the last checkpoint
   * @param bytesPerStep bytes that a worker has sent to the others in a step
   * @param elapsed time of the last attempt
   */
  public SparkFineTuneReport {
    failures = List.copyOf(failures);
  }
}
