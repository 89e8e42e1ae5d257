package io.adapt4j.benchmarks.harness;

import io.adapt4j.core.internal.tensor.DType;
import java.util.List;

/** The machine's rates of matrix products and of reads, which other figures are compared with. */
@InSuite(quick = "", published = "", full = "")
public final class MachineLimits {

  private static final String BF16 = "bf16 matrix products";
  private static final String FP32 = "fp32 matrix products";
  private static final String READS = "memory reads";

  private MachineLimits() {}

  /** Options: {@code --threads} (0: the engine's choice). */
  public static void main(String[] line) {
    Arguments.parse(line, "--threads 0").useThreads();
    MatmulCeiling bf16 = new MatmulCeiling(DType.BF16);
    MatmulCeiling fp32 = new MatmulCeiling(DType.F32);
    ReadBandwidth reads = new ReadBandwidth();
    bf16.measure();
    fp32.measure();
    reads.measure();
    Report report = new Report("Limits of the machine");
    report.figure(Measurement.larger(BF16, "GFLOP/s", bf16.flops() / 1e9));
    report.figure(Measurement.larger(FP32, "GFLOP/s", fp32.flops() / 1e9));
    report.figure(Measurement.larger(READS, "GB/s", reads.best() / 1e9));
    report.print();
  }

  /** Returns what the program found, if it is among the results. */
  static Run.Limits of(List<Result> results) {
    return results.stream()
        .filter(result -> result.benchmark().equals(MachineLimits.class.getSimpleName()))
        .findFirst()
        .map(
            result ->
                new Run.Limits(value(result, BF16), value(result, FP32), value(result, READS)))
        .orElse(Run.Limits.UNKNOWN);
  }

  private static Double value(Result result, String name) {
    return result.figures().stream()
        .filter(figure -> figure.name().equals(name))
        .map(figure -> Math.round(figure.value() * 10) / 10.0)
        .findFirst()
        .orElse(null);
  }
}
