package io.adapt4j.spark.internal.train;

import io.adapt4j.core.internal.task.TaskRunner;
import io.adapt4j.core.internal.train.TrainingResult;
import java.io.Serializable;
import java.time.Duration;

/**
 * Report of a run by the leading worker (rank 0).
 *
 * @param bestValidationLoss validation loss of the best evaluation; NaN without validation data
 * @param bestStep its step; -1 without validation data
 * @param bytesPerStep bytes that a worker sent per step
 */
public record FinishedRun(
    int attempt,
    int steps,
    double firstLoss,
    double lastLoss,
    double bestValidationLoss,
    int bestStep,
    String best,
    String last,
    long bytesPerStep,
    Duration elapsed)
    implements Serializable {

  static FinishedRun of(
      TaskRunner.Outcome outcome, int attempt, int steps, long bytesSent, long begunNanos) {
    TrainingResult result = outcome.result();
    return new FinishedRun(
        attempt,
        result.steps(),
        result.firstLoss(),
        result.lastLoss(),
        result.bestValidationLoss().orElse(Double.NaN),
        result.bestStep().orElse(-1),
        result.best().toString(),
        result.last().toString(),
        bytesSent / Math.max(1, steps),
        Duration.ofNanos(System.nanoTime() - begunNanos));
  }
}
