package io.adapt4j.core.train;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Events of a small made-up run. */
public final class Events {
  public static final RunStart START =
      new RunStart(240, 3, 12_288, 260_032, 640, 80, "stories260K", "fp32", Map.of(), true);
  public static final EvaluationEvent EVALUATION = new EvaluationEvent(120, 2.1, 8.166, true);
  public static final CheckpointEvent CHECKPOINT =
      new CheckpointEvent(120, Path.of("out", "checkpoint-120"), true);
  public static final SkippedStep SKIPPED =
      new SkippedStep(121, 240, "loss is NaN", Double.NaN, Double.POSITIVE_INFINITY, 1);
  public static final TrainingWarning WARNING =
      new TrainingWarning(
          TrainingWarning.Kind.OVERFITTING, 130, "Validation gets worse.", "Train for less time.");
  public static final RunEnd END =
      new RunEnd(
          StopReason.COMPLETED,
          240,
          OptionalInt.of(120),
          OptionalDouble.of(2.1),
          Duration.ofSeconds(83));

  private Events() {}

  public static StepEvent step(int step) {
    return new StepEvent(
        step,
        240,
        step / 80.0,
        2.3131,
        2e-4,
        1.214,
        1234.4,
        412,
        Duration.ofMillis(1500L * step),
        Duration.ofMillis(1500L * (240 - step)),
        0,
        Duration.ofMillis(500),
        new ResourceUse(
            OptionalLong.of(64L << 20), OptionalLong.of(3L << 29), OptionalDouble.of(0.75)),
        Map.of());
  }

  /** One of the first steps, when nothing is known about the time left. */
  public static StepEvent early() {
    return new StepEvent(
        1,
        240,
        0.0125,
        2.5,
        2e-4,
        1.5,
        10,
        412,
        Duration.ofSeconds(20),
        StepEvent.UNKNOWN_TIME,
        0,
        Duration.ZERO,
        ResourceUse.UNKNOWN,
        Map.of());
  }

  public static void replay(TrainingListener listener) {
    listener.started(START);
    for (int step = 1; step <= 240; step++) {
      if (step == 121) {
        listener.skipped(SKIPPED);
        continue;
      }
      listener.step(step(step));
      if (step == 120) {
        listener.evaluated(EVALUATION);
        listener.checkpointSaved(CHECKPOINT);
      }
    }
    listener.ended(END);
  }
}
