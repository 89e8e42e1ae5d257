package io.adapt4j.core.monitor;

import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResourceUse;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;

/** Events that no model was trained for. */
public final class MadeUpRun {

  public static final TrainingWarning WARNING =
      new TrainingWarning(
          TrainingWarning.Kind.OVERFITTING, 40, "Validation gets worse.", "Train for less time.");

  private MadeUpRun() {}

  public static RunStart start(int steps) {
    return start(steps, "SmolLM2-135M, LoRA r=16");
  }

  public static RunStart start(int steps, String model) {
    return new RunStart(
        steps,
        3,
        4_884_480,
        134_515_008,
        6_400,
        800,
        model,
        "bf16, trained values fp32",
        Map.of("seed", "42"),
        true);
  }

  public static StepEvent step(int step, double loss, double norm, double rate, ResourceUse use) {
    return new StepEvent(
        step,
        1000,
        step / 333.0,
        loss,
        rate,
        norm,
        1234.5,
        412,
        Duration.ofMillis(500L * step),
        Duration.ofMillis(500L * Math.max(0, 1000 - step)),
        0,
        Duration.ofMillis(500),
        use,
        Map.of());
  }

  public static EvaluationEvent evaluation(int step, double loss, boolean best) {
    return new EvaluationEvent(
        step, loss, Math.exp(loss), best, Map.of("accuracy", Math.min(1, 1 / loss)));
  }

  public static RunEnd end(int steps) {
    return new RunEnd(
        StopReason.COMPLETED,
        steps,
        OptionalInt.of(steps / 2),
        OptionalDouble.of(1.75),
        Duration.ofMillis(500L * steps));
  }

  /** A noisy run that overfits in its second half, with ten evaluations, without its end. */
  public static void replay(TrainingListener listener, int steps) {
    listener.started(start(steps));
    replay(listener, 1, steps);
  }

  /** The steps of such a run from one to another, both included. */
  public static void replay(TrainingListener listener, int from, int steps) {
    Random noise = new Random(5);
    double best = Double.POSITIVE_INFINITY;
    if (from == 1) {
      listener.evaluated(evaluation(0, 3.1, false));
    }
    for (int step = from; step <= steps; step++) {
      double done = (double) step / steps;
      if (step == steps / 3) {
        listener.skipped(new SkippedStep(step, steps, "the loss is NaN", Double.NaN, 1, 1));
        continue;
      }
      double loss = 1.2 + 1.9 * Math.exp(-6 * done) - 0.4 * done;
      double rate = 2e-4 * (done < 0.1 ? done / 0.1 : (1 - done) / 0.9);
      listener.step(
          new StepEvent(
              step,
              steps,
              3 * done,
              loss * (1 + 0.08 * noise.nextGaussian()),
              rate,
              (0.6 + 2 * Math.exp(-8 * done)) * Math.exp(0.3 * noise.nextGaussian()),
              480 + 30 * noise.nextGaussian(),
              300,
              Duration.ofMillis(800L * step),
              Duration.ofMillis(800L * (steps - step)),
              0,
              Duration.ofMillis(800),
              new ResourceUse(
                  OptionalLong.of((long) (9e7 * (1 + (step * 0.07) % 1))),
                  OptionalLong.of((long) (2.1e9 + 1e8 * Math.min(1, 4 * done))),
                  OptionalDouble.of(0.9 + 0.05 * noise.nextDouble())),
              Map.of()));
      if (step % Math.max(1, steps / 10) == 0) {
        double validation = 1.35 + 1.8 * Math.exp(-7 * done) + 0.5 * Math.max(0, done - 0.5);
        boolean isBest = validation < best;
        best = Math.min(best, validation);
        listener.evaluated(evaluation(step, validation, isBest));
        listener.checkpointSaved(
            new CheckpointEvent(step, Path.of("runs", "support", "last"), false));
        if (isBest) {
          listener.checkpointSaved(
              new CheckpointEvent(step, Path.of("runs", "support", "best"), true));
        }
      }
    }
  }
}
