package io.adapt4j.spark;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Report of a fine-tuning on Spark.
 *
 * @param workers number of workers
 * @param attempts number of attempts of the stage, of which the last succeeded
 * @param failures first failure of each unsuccessful attempt
 * @param steps optimizer steps of the run
 * @param firstLoss training loss of the first step
 * @param lastLoss mean training loss of the last steps
 * @param bestValidationLoss validation loss of the best evaluation; empty without validation data
 * @param best folder of the checkpoint to use: the best one if kept, else the last
 * @param last folder of the last checkpoint
 * @param bytesPerStep bytes that a worker sent to the others per step
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

  /** Copies the list. */
  public SparkFineTuneReport {
    failures = List.copyOf(failures);
  }
}
