package io.adapt4j.benchmarks.harness;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Read bandwidth over 1 GiB of memory, far more than the caches hold. Three methods are tried with
 * the engine's number of threads; the best repetition of the fastest method counts.
 */
public final class ReadBandwidth {

  private static final long BYTES = 1L << 30;
  private static final int REPETITIONS = 8;

  private double javaSum;
  private double engineNorm;
  private double engineProduct;

  /** Runs the repetitions. */
  public void measure() {
    javaSum = Math.max(javaSum, sumInJava());
    engineNorm = Math.max(engineNorm, normInEngine());
    engineProduct = Math.max(engineProduct, productInEngine());
  }

  /** Returns bytes per second. */
  public double best() {
    return Math.max(javaSum, Math.max(engineNorm, engineProduct));
  }

  /** Returns the rates of all three methods in GB/s. */
  public String details() {
    return String.format(
        "sum of long[] in Java threads %.1f, norm in the engine %.1f, bf16 matrix times vector in"
            + " the engine %.1f",
        javaSum / 1e9, engineNorm / 1e9, engineProduct / 1e9);
  }

  private static double sumInJava() {
    int threads = Torch.threads();
    List<Callable<Long>> sums = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      long[] values = new long[Math.toIntExact(BYTES / Long.BYTES / threads)];
      Arrays.fill(values, i + 1);
      sums.add(() -> sum(values));
    }
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      return best(
          () -> {
            try {
              for (var sum : pool.invokeAll(sums)) {
                if (sum.get() <= 0) {
                  throw new IllegalStateException("The sum of positive numbers is not positive");
                }
              }
            } catch (InterruptedException | ExecutionException e) {
              throw new IllegalStateException("The bandwidth measurement was interrupted", e);
            }
          });
    } finally {
      pool.shutdown();
    }
  }

  private static long sum(long[] values) {
    long sum = 0;
    for (long value : values) {
      sum += value;
    }
    return sum;
  }

  private static double normInEngine() {
    try (Scope scope = Scope.open()) {
      Tensor values = Tensor.empty(DType.F32, BYTES / Float.BYTES);
      values.copyFrom(Tensor.of(new float[] {1f}, 1));
      return best(() -> TensorLists.norm(List.of(values)));
    }
  }

  private static double productInEngine() {
    long columns = 1024;
    try (Scope scope = Scope.open();
        Parameter weight = Parameter.of("weight", BYTES / 2 / columns, columns)) {
      weight.allocate(DType.BF16);
      Tensor tensor = Tensor.of(new float[] {1f}, 1);
      weight.value().copyFrom(tensor);
      Tensor x = Tensor.empty(DType.BF16, 1, columns);
      x.copyFrom(tensor);
      return best(() -> Ops.inference().linear(x, weight, null).close());
    }
  }

  private static double best(Runnable read) {
    double best = 0;
    for (int i = 0; i < REPETITIONS; i++) {
      long begun = System.nanoTime();
      read.run();
      best = Math.max(best, BYTES / ((System.nanoTime() - begun) / 1e9));
    }
    return best;
  }
}
