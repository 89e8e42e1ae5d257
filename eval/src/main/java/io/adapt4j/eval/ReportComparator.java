package io.adapt4j.eval;

import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.Comparison;
import io.adapt4j.eval.stats.ConfidenceInterval;
import io.adapt4j.eval.stats.McNemar;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/** Computes metrics with their intervals, and compares two candidates. */
final class ReportComparator {

  /** Resampling a corpus metric costs far more than a mean. */
  private static final int CORPUS_RESAMPLES = 1000;

  private final Bootstrap means;
  private final Bootstrap corpora;
  private final double retentionThreshold;

  ReportComparator(Bootstrap bootstrap, double retentionThreshold) {
    this.means = bootstrap;
    this.corpora =
        new Bootstrap(
            Math.min(CORPUS_RESAMPLES, bootstrap.resamples()),
            bootstrap.confidence(),
            bootstrap.seed());
    this.retentionThreshold = retentionThreshold;
  }

  ConfidenceInterval interval(TaskMetric metric, List<Outcome> outcomes) {
    return metric.kind() instanceof TaskMetric.Mean mean
        ? means.mean(values(mean, outcomes))
        : corpora.statistic(outcomes.size(), rows -> metric.of(pick(outcomes, rows)));
  }

  TaskComparison compare(
      EvaluationReport evaluationReport, EvaluationReport base, TaskResult result) {
    TaskResult baseline = base.result(result.task());
    requireSameItems(result, baseline);
    TaskMetric metric = result.primary();
    Comparison difference = difference(metric, result.outcomes(), baseline.outcomes());
    double[] gains = gains(metric, result.outcomes(), baseline.outcomes());
    long wins = Arrays.stream(gains).filter(gain -> gain > 0).count();
    long losses = Arrays.stream(gains).filter(gain -> gain < 0).count();
    return new TaskComparison(
        result.task(),
        metric,
        evaluationReport.candidate(),
        base.candidate(),
        difference.difference(),
        difference.pValue(),
        mcNemar(metric, result.outcomes(), baseline.outcomes()),
        wins,
        gains.length - wins - losses,
        losses,
        result.isGeneral()
            ? retention(metric, result.outcomes(), baseline.outcomes())
            : Optional.empty());
  }

  private static void requireSameItems(TaskResult taskResult, TaskResult other) {
    List<String> ids = taskResult.outcomes().stream().map(Outcome::id).toList();
    if (!ids.equals(other.outcomes().stream().map(Outcome::id).toList())) {
      throw new IllegalArgumentException(
          "Task '" + taskResult.task() + "': the candidates were asked different items");
    }
  }

  private Comparison difference(TaskMetric metric, List<Outcome> first, List<Outcome> second) {
    if (metric.kind() instanceof TaskMetric.Mean mean) {
      return means.compare(values(mean, first), values(mean, second));
    }
    return corpora.compare(
        first.size(), rows -> metric.of(pick(first, rows)) - metric.of(pick(second, rows)));
  }

  /**
   * Returns the gain of the first candidate by item; 0 for all if items have no metric of their
   * own.
   */
  private static double[] gains(TaskMetric metric, List<Outcome> first, List<Outcome> second) {
    double sign = metric.largerIsBetter() ? 1 : -1;
    return IntStream.range(0, first.size())
        .mapToDouble(i -> sign * (metric.of(first.get(i)) - metric.of(second.get(i))))
        .toArray();
  }

  private static OptionalDouble mcNemar(
      TaskMetric metric, List<Outcome> first, List<Outcome> second) {
    if (!(metric.kind() instanceof TaskMetric.Mean mean)) {
      return OptionalDouble.empty();
    }
    double[] ours = values(mean, first);
    double[] theirs = values(mean, second);
    boolean binary =
        Arrays.stream(ours).allMatch(ReportComparator::isBinary)
            && Arrays.stream(theirs).allMatch(ReportComparator::isBinary);
    return binary
        ? OptionalDouble.of(McNemar.of(right(ours), right(theirs)).pValue())
        : OptionalDouble.empty();
  }

  private static boolean isBinary(double value) {
    return value == 0 || value == 1;
  }

  private static boolean[] right(double[] values) {
    boolean[] right = new boolean[values.length];
    for (int i = 0; i < values.length; i++) {
      right[i] = values[i] == 1;
    }
    return right;
  }

  /**
   * Computes the retention; undefined, and so empty, if the baseline or the candidate has a metric
   * of 0 or less.
   */
  private Optional<Retention> retention(TaskMetric metric, List<Outcome> ours, List<Outcome> base) {
    boolean larger = metric.largerIsBetter();
    List<Outcome> over = larger ? ours : base;
    List<Outcome> under = larger ? base : ours;
    if (metric.of(under) <= 0) {
      return Optional.empty();
    }
    ConfidenceInterval kept =
        corpora.statistic(ours.size(), rows -> share(metric, pick(over, rows), pick(under, rows)));
    return Optional.of(Retention.of(kept, retentionThreshold));
  }

  /** Computes a ratio of metrics; a resample whose divisor is 0 is skipped. */
  private static double share(TaskMetric metric, List<Outcome> over, List<Outcome> under) {
    double divisor = metric.of(under);
    return divisor > 0 ? metric.of(over) / divisor : 1;
  }

  private static double[] values(TaskMetric.Mean mean, List<Outcome> outcomes) {
    return outcomes.stream().mapToDouble(outcome -> outcome.metric(mean.of())).toArray();
  }

  private static List<Outcome> pick(List<Outcome> outcomes, int[] rows) {
    return Arrays.stream(rows).mapToObj(outcomes::get).toList();
  }
}
