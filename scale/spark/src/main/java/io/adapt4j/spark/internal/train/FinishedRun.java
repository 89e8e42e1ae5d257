package io.adapt4j.spark.internal.train;

import io.adapt4j.core.internal.task.TaskRunner;
import io.adapt4j.core.internal.train.TrainingResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalDouble;

/** Report of a run by the leading worker (rank 0). */
public record FinishedRun(
    int attempt,
    int steps,
    double firstLoss,
    double lastLoss,
    OptionalDouble bestValidationLoss,
    Path best,
    Path last,
    long bytesPerStep,
    Duration elapsed) {

  static FinishedRun of(
      TaskRunner.Outcome outcome, int attempt, int steps, long bytesSent, long begunNanos) {
    TrainingResult result = outcome.result();
    return new FinishedRun(
        attempt,
        result.steps(),
        result.firstLoss(),
        result.lastLoss(),
        result.bestValidationLoss(),
        result.best(),
        result.last(),
        bytesSent / Math.max(1, steps),
        Duration.ofNanos(System.nanoTime() - begunNanos));
  }
}
