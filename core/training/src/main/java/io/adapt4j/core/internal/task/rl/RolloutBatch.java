package io.adapt4j.core.internal.task.rl;

import com.google.common.primitives.Floats;
import io.adapt4j.core.internal.data.CountedBatch;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.Reinforcement;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Completions to train on or to evaluate, with the metrics of their rollout.
 *
 * <p>Created and read only by the run.
 */
public final class RolloutBatch implements CountedBatch {

  private final List<Sample> samples;
  private final int padId;
  private final double weight;
  private final MeanMetrics metrics;

  RolloutBatch(List<Sample> samples, int padId, double weight, MeanMetrics metrics) {
    this.samples = List.copyOf(samples);
    this.padId = padId;
    this.weight = weight;
    this.metrics = metrics;
  }

  Batch inputs() {
    return Sample.inputs(samples, padId, false);
  }

  /** Returns the number of trained tokens in each completion; 0 for excluded ones. */
  int[] lengths() {
    return lengths(samples);
  }

  static int[] lengths(List<Sample> samples) {
    return samples.stream().mapToInt(sample -> sample.counts() ? sample.targets() : 0).toArray();
  }

  float[] sampled() {
    return joined(Sample::sampled);
  }

  /** Returns the importance weights of an algorithm; empty if it has none. */
  float[] importance(Reinforcement algorithm) {
    return algorithm instanceof Grpo grpo && grpo.importanceCorrection().isPresent()
        ? joined(sample -> sample.importance(grpo.importanceCorrection().get()))
        : new float[0];
  }

  float[] old() {
    return joined(Sample::old);
  }

  float[] reference() {
    return joined(Sample::reference);
  }

  float[] advantages() {
    return joined(Sample::advantages);
  }

  float[] values() {
    return joined(Sample::values);
  }

  float[] returns() {
    return joined(Sample::returns);
  }

  private float[] joined(Function<Sample, float[]> numbers) {
    return Floats.concat(
        samples.stream().filter(Sample::counts).map(numbers).toArray(float[][]::new));
  }

  @Override
  public double weight() {
    return weight;
  }

  MeanMetrics metrics() {
    return metrics;
  }

  @Override
  public long targets() {
    return Arrays.stream(lengths()).sum();
  }

  @Override
  public long tokens() {
    return samples.stream().mapToLong(Sample::length).sum();
  }
}
