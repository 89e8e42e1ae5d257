package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.Samples;
import io.adapt4j.core.internal.train.TrainingStep;
import java.util.List;
import java.util.function.IntConsumer;

/** Timing of actions in seconds. */
final class Timing {

  private static final double RATE = 1e-4;

  private Timing() {}

  static double seconds(Runnable action) {
    long begun = System.nanoTime();
    action.run();
    return (System.nanoTime() - begun) / 1e9;
  }

  /** Times repetitions after a warm-up, whose repetitions have negative numbers. */
  static Samples seconds(int warmup, int repetitions, IntConsumer action) {
    double[] seconds = new double[repetitions];
    for (int i = -warmup; i < repetitions; i++) {
      int number = i;
      double taken = seconds(() -> action.accept(number));
      if (i >= 0) {
        seconds[i] = taken;
      }
    }
    return Samples.of(seconds);
  }

  /** Times optimizer steps on one batch. */
  static <B> Samples ofSteps(
      TrainingStep<B> training, B batch, double weight, int warmup, int steps) {
    return seconds(
        warmup,
        steps,
        i -> {
          TrainingStep.Outcome outcome = training.run(List.of(batch), weight, RATE, i);
          if (!outcome.applied()) {
            throw new IllegalStateException("A step was not finite: " + outcome);
          }
        });
  }
}
