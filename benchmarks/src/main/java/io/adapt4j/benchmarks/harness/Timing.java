package io.adapt4j.benchmarks.harness;

import io.adapt4j.core.internal.train.TrainingStep;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import java.util.function.IntConsumer;

/** Timing of actions in seconds. */
public final class Timing {

  private static final double RATE = 1e-4;

  private Timing() {}

  public static double since(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  public static double seconds(Runnable action) {
    long begun = System.nanoTime();
    action.run();
    return since(begun);
  }

  /** Times repetitions after a warm-up, whose repetitions have negative numbers. */
  public static Samples seconds(int warmup, int repetitions, IntConsumer action) {
    return new Turns(warmup, repetitions)
        .add("", i -> seconds(() -> action.accept(i)))
        .run()
        .of("");
  }

  /** Times optimizer steps on one batch. */
  public static <B> Samples ofSteps(
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

  /** Starts a call for each input, each in its own thread. */
  public static <I, O> List<CompletableFuture<O>> start(
      List<I> inputs, ExecutorService threads, Function<I, O> call) {
    return inputs.stream()
        .map(input -> CompletableFuture.supplyAsync(() -> call.apply(input), threads))
        .toList();
  }

  /** Calls for all inputs at the same time, and returns all results. */
  public static <I, O> List<O> together(
      List<I> inputs, ExecutorService threads, Function<I, O> call) {
    return start(inputs, threads, call).stream().map(CompletableFuture::join).toList();
  }
}
