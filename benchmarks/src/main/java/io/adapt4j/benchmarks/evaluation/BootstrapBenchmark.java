package io.adapt4j.benchmarks.evaluation;

import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.Comparison;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Benchmark of bootstrap intervals and comparisons with 10,000 resamples. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class BootstrapBenchmark {

  /** Number of rows drawn in each resample. */
  @Param({"1000", "10000"})
  public int rows;

  private double[] first;
  private double[] second;

  /** Generates two models' scores. */
  @Setup
  public void draw() {
    Random random = new Random(1);
    first = random.doubles(rows).toArray();
    second = random.doubles(rows).toArray();
  }

  /** Computes the interval of a mean. */
  @Benchmark
  public ConfidenceInterval mean() {
    return Bootstrap.DEFAULT.mean(first);
  }

  /** Compares two models. */
  @Benchmark
  public Comparison compare() {
    return Bootstrap.DEFAULT.compare(first, second);
  }
}
