import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.quantized.FourBitWeights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.kernels.internal.cpu.FourBitWeight;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import java.util.stream.Stream;

/**
 * Compares the CPU kernels for 4-bit weights with the machine and libtorch in the same run:
 * dequantization with a copy, products with bf16 products.
 */
public final class FourBitKernelBenchmark {

  private static final String OPTIONS =
      "--repetitions 5 --threads 0 --variant -1 --rows 1,2,4,8,128,512";
  private static final int OUTPUTS = 4096;
  private static final int[] INPUTS = {4096, 11008};
  private static final long COPIED = 256L << 20;

  /** Size of the bf16 weights traversed, large enough to exceed caches. */
  private static final long FOOTPRINT = 512L << 20;

  private final int variant;
  private final int repetitions;
  private final int threads;
  private final Report report = new Report("4-bit kernels on the CPU");

  private FourBitKernelBenchmark(int variant, int repetitions) {
    this.variant = variant;
    this.repetitions = repetitions;
    this.threads = Torch.threads();
  }

  /**
   * Options: --repetitions, --threads, --variant (0 scalar to 4 AMX; the best by default), --rows
   * (of x, separated by commas).
   */
  public static void main(String[] args) {
    Arguments options = Arguments.parse(args, OPTIONS);
    options.useThreads();
    String variant = options.text("--variant");
    int chosen =
        variant.equals("-1") ? FourBitWeight.bestVariant() : options.number("--variant", 0);
    List<Integer> rows =
        Stream.of(options.text("--rows").split(",", -1)).map(Integer::valueOf).toList();
    new FourBitKernelBenchmark(chosen, options.number("--repetitions", 1)).run(rows);
  }

  private void run(List<Integer> rows) {
    report.line("variant", "%d of %d", variant, FourBitWeight.bestVariant());
    double copy = copyBandwidth();
    restore(copy);
    for (int inputs : INPUTS) {
      multiply(inputs, rows);
    }
    report.print();
  }

  /** Returns bytes read and written per second by libtorch's copy. */
  private double copyBandwidth() {
    try (Scope scope = Scope.open()) {
      Tensor source = Tensor.zeros(DType.BF16, COPIED / 2);
      Tensor target = Tensor.zeros(DType.BF16, COPIED / 2);
      double bandwidth = 2.0 * COPIED / best(4, i -> target.copyFrom(source));
      report.line("copy", "%.1f GB/s read and written (256 MiB)", bandwidth / 1e9);
      return bandwidth;
    }
  }

  private void restore(double copy) {
    int weightRows = (int) (COPIED / 2 / OUTPUTS);
    try (Scope scope = Scope.open();
        FourBitWeights weights = new FourBitWeights(variant, weightRows, OUTPUTS, 1)) {
      Tensor target = Tensor.zeros(DType.BF16, weightRows, OUTPUTS);
      ByteBuffer memory = target.data();
      double seconds = best(4, i -> weights.dequantize(0, memory, threads));
      double bandwidth = (weights.bytes() + COPIED) / seconds;
      report.line("restore", "%.1f GB/s read and written (to 256 MiB)", bandwidth / 1e9);
      report.figure(
          Measurement.largerRatio("restore / copy", bandwidth / copy)
              .target(0.6)
              .label("restoring 4-bit weights, of the bandwidth of a copy"));
    }
  }

  private void multiply(int inputs, List<Integer> rows) {
    int count = (int) (FOOTPRINT / (2L * OUTPUTS * inputs));
    List<Parameter> plain = new ArrayList<>();
    try (Scope scope = Scope.open();
        FourBitWeights weights = new FourBitWeights(variant, OUTPUTS, inputs, count)) {
      for (int i = 0; i < count; i++) {
        Parameter weight = Parameter.of("weight", OUTPUTS, inputs);
        weight.allocate(DType.BF16);
        weights.dequantize(i, weight.value().data(), threads);
        plain.add(weight);
      }
      for (int n : rows) {
        compare(weights, plain, inputs, n);
      }
    } finally {
      plain.forEach(Parameter::close);
    }
  }

  private void compare(FourBitWeights weights, List<Parameter> plain, int inputs, int n) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.empty(DType.BF16, n, inputs);
      x.copyFrom(Tensor.randn(DType.F32, n, inputs));
      Tensor y = Tensor.empty(DType.BF16, n, OUTPUTS);
      ByteBuffer from = x.data();
      ByteBuffer to = y.data();
      Parameter buffer = Parameter.of("buffer", OUTPUTS, inputs);
      buffer.allocate(DType.BF16);
      ByteBuffer memory = buffer.value().data();
      int count = weights.count();
      double torch = Double.MAX_VALUE;
      double fused = Double.MAX_VALUE;
      double restoring = Double.MAX_VALUE;
      // Alternating, so that all three see the same load.
      for (int i = 0; i < repetitions; i++) {
        torch = Math.min(torch, best(count, k -> linear(x, plain.get(k))));
        fused = Math.min(fused, best(count, k -> weights.multiply(k, from, n, to, threads)));
        restoring =
            Math.min(
                restoring,
                best(
                    count,
                    k -> {
                      weights.dequantize(k, memory, threads);
                      linear(x, buffer);
                    }));
      }
      buffer.close();
      String name = OUTPUTS + " x " + inputs + " times " + n + (n == 1 ? " row" : " rows");
      double flops = 2.0 * n * OUTPUTS * inputs;
      report.line(
          name,
          "libtorch bf16 %s; fused %s, %.1f GB/s, %.0f GFLOP/s; restored, then libtorch %s",
          micros(torch),
          micros(fused),
          weights.bytes() / fused / 1e9,
          flops / fused / 1e9,
          micros(restoring));
      Measurement times = Measurement.largerRatio(name + ": libtorch / fused", torch / fused);
      report.figure(
          n == 1
              ? times.target(2.5).label("4-bit weight " + name + ", over libtorch bf16")
              : times);
      report.figure(Measurement.largerRatio(name + ": libtorch / restored", torch / restoring));
    }
  }

  private static void linear(Tensor x, Parameter weight) {
    Ops.inference().linear(x, weight, null).close();
  }

  private static String micros(double seconds) {
    return String.format(Locale.ROOT, "%.0f us", seconds * 1e6);
  }

  /** Returns the shortest time over a number of calls. */
  private double best(int calls, IntConsumer call) {
    return Timing.seconds(0, calls, call).least();
  }
}
