package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.ProcessMemory;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.train.TrainingOptions;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.plan.TimedSteps;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Times the first steps of a run, without listeners or output. The steps change the trainable
 * parameters.
 */
public record StepTimer<B>(
    TrainingTask<B> task,
    Adaptation adaptation,
    TrainingOptions options,
    BatchSource<B> train,
    Optional<? extends BatchSource<B>> validation) {

  /** Times steps after one warm-up step, in which libtorch specializes its operators. */
  public TimedSteps measure(int steps, long tokensPerEpoch) {
    int perEpoch = options.stepsPerEpoch(train.count());
    int timed = Math.max(1, Math.min(steps, perEpoch - 1));
    double seconds = 0;
    long tokens = 0;
    try (TrainingStep<B> step = new TrainingStep<>(task, adaptation, options.step())) {
      Iterator<B> batches = train.epoch(0);
      for (int i = 0; i <= timed; i++) {
        batches = batches.hasNext() ? batches : train.epoch(0);
        List<B> micro = take(batches);
        long begun = System.nanoTime();
        run(step, micro, i);
        if (i > 0) {
          seconds += (System.nanoTime() - begun) / 1e9;
          tokens += micro.stream().mapToLong(task::tokens).sum();
        }
      }
    }
    double evaluation = evaluationSeconds();
    double secondsPerStep = seconds / tokens * tokensPerEpoch / perEpoch;
    int all = options.totalSteps(train.count());
    double total = all * secondsPerStep + evaluations(all, perEpoch) * evaluation;
    return new TimedSteps(
        timed,
        secondsPerStep,
        tokens / seconds,
        evaluation,
        Duration.ofMillis(Math.round(total * 1e3)),
        ProcessMemory.peak());
  }

  /**
   * Times steps including the making of their batches, for batches as expensive as the training
   * itself, such as rollouts. The timed steps are extrapolated to the run.
   */
  public TimedSteps measureWithBatches(int steps, int together) {
    int timed = (steps + together - 1) / together * together;
    double seconds = 0;
    long tokens = 0;
    try (TrainingStep<B> step = new TrainingStep<>(task, adaptation, options.step())) {
      int epoch = 0;
      Iterator<B> batches = train.epoch(epoch);
      for (int i = -together; i < timed; i++) {
        batches = batches.hasNext() ? batches : train.epoch(++epoch);
        long begun = System.nanoTime();
        List<B> micro = take(batches);
        run(step, micro, i + together);
        if (i >= 0) {
          seconds += (System.nanoTime() - begun) / 1e9;
          tokens += micro.stream().mapToLong(task::tokens).sum();
        }
      }
    }
    double evaluation = evaluationSeconds();
    int all = options.totalSteps(train.count());
    int evaluations = evaluations(all, options.stepsPerEpoch(train.count()));
    double total = all * seconds / timed + evaluations * evaluation;
    return new TimedSteps(
        timed,
        seconds / timed,
        tokens / seconds,
        evaluation,
        Duration.ofMillis(Math.round(total * 1e3)),
        ProcessMemory.peak());
  }

  private List<B> take(Iterator<B> batches) {
    List<B> micro = new ArrayList<>();
    while (micro.size() < options.accumulation() && batches.hasNext()) {
      micro.add(batches.next());
    }
    return micro;
  }

  private void run(TrainingStep<B> step, List<B> micro, int number) {
    double divisor = micro.stream().mapToDouble(task::weight).sum();
    step.run(micro, divisor, options.learningRate(), options.seed() + number);
  }

  /** Extrapolates from one batch. */
  private double evaluationSeconds() {
    if (validation.isEmpty()) {
      return 0;
    }
    Iterator<B> batches = validation.get().epoch(0);
    long begun = System.nanoTime();
    task.evaluation().add(batches.next());
    return (System.nanoTime() - begun) / 1e9 * validation.get().count();
  }

  /** Returns the number of evaluations: one before the first step and one per interval. */
  private int evaluations(int steps, int perEpoch) {
    int interval = options.evaluationInterval() == 0 ? perEpoch : options.evaluationInterval();
    return 1 + (steps + interval - 1) / interval;
  }
}
