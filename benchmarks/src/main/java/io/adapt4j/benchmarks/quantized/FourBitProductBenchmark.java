package io.adapt4j.benchmarks.quantized;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.kernels.internal.cpu.FourBitWeight;
import java.nio.ByteBuffer;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Benchmark of the CPU kernels for one 4-bit weight of 4096 x 4096, which may fit in large caches.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FourBitProductBenchmark {

  private static final int SIZE = 4096;

  /** Rows of x. */
  @Param({"1", "8", "128"})
  public int rows;

  private FourBitWeights weights;
  private Tensor x;
  private Tensor y;
  private Tensor restored;
  private int threads;

  @Setup
  public void open() {
    threads = Torch.threads();
    weights = new FourBitWeights(FourBitWeight.bestVariant(), SIZE, SIZE, 1);
    x = Tensor.zeros(DType.BF16, rows, SIZE);
    y = Tensor.zeros(DType.BF16, rows, SIZE);
    restored = Tensor.zeros(DType.BF16, SIZE, SIZE);
  }

  /** Frees the weight. */
  @TearDown
  public void close() {
    weights.close();
    x.close();
    y.close();
    restored.close();
  }

  /** Multiplies the rows by the quantized weight. */
  @Benchmark
  public ByteBuffer product() {
    ByteBuffer target = y.data();
    weights.multiply(0, x.data(), rows, target, threads);
    return target;
  }

  /** Dequantizes the weight. */
  @Benchmark
  public ByteBuffer restore() {
    ByteBuffer target = restored.data();
    weights.dequantize(0, target, threads);
    return target;
  }
}
