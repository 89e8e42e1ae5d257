package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.train.LearningRateCurve;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Training loop of a {@link LearningRateRangeTest}. */
public final class RangeTestLoop {

  private RangeTestLoop() {}

  public static <B> LearningRateCurve run(
      LearningRateRangeTest test,
      TrainingStep<B> step,
      TrainingTask<B> task,
      BatchSource<B> train,
      int accumulation,
      long seed) {
    Endless<B> batches = new Endless<>(train);
    List<LearningRateCurve.Point> points = new ArrayList<>();
    double average = 0;
    double lowest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < test.steps(); i++) {
      List<B> micro = batches.take(accumulation);
      double targets = micro.stream().mapToDouble(task::weight).sum();
      TrainingStep.Outcome outcome =
          step.run(micro, targets, test.rate(i), seed + (long) i * accumulation);
      if (!outcome.applied()) {
        return new LearningRateCurve(points, true);
      }
      double loss = outcome.loss() + outcome.penalty();
      average = test.smoothing() * average + (1 - test.smoothing()) * loss;
      double smoothed = average / (1 - Math.pow(test.smoothing(), i + 1));
      points.add(new LearningRateCurve.Point(test.rate(i), loss, smoothed));
      lowest = Math.min(lowest, smoothed);
      if (smoothed > test.divergence() * lowest) {
        return new LearningRateCurve(points, true);
      }
    }
    return new LearningRateCurve(points, false);
  }

  /** The batches of consecutive epochs without end. */
  private static final class Endless<B> {

    private final BatchSource<B> source;
    private Iterator<B> present;
    private int epoch;

    Endless(BatchSource<B> source) {
      this.source = source;
      this.present = source.epoch(0);
    }

    List<B> take(int count) {
      List<B> taken = new ArrayList<>();
      while (taken.size() < count) {
        if (!present.hasNext()) {
          present = source.epoch(++epoch);
        }
        taken.add(present.next());
      }
      return taken;
    }
  }
}
