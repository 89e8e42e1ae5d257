package io.adapt4j.benchmarks.training;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.MatmulCeiling;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.Set;

/** Full training steps of a 135M-parameter model: speed, processor utilization, and peak memory. */
@InSuite(
    quick = {"--steps 3 --warmup 1", "--recompute --steps 3 --warmup 1"},
    published = {"--steps 3 --warmup 1", "--recompute --steps 3 --warmup 1"},
    full = {"", "--recompute", "--precision fp32", "--method full --steps 3 --warmup 1"})
public final class TrainingBenchmark {

  private static final String OPTIONS =
      "--precision bf16 --method lora --batch 4 --length 512 --steps 5 " + "--warmup 2 --threads 0";
  private static final String RECOMPUTE = "--recompute";
  private static final String SHARE = ": share of the bf16 matmul rate";
  private static final int RANK = 16;

  private final DType type;
  private final boolean lora;
  private final boolean recompute;
  private final int rows;
  private final int length;
  private final int steps;
  private final int warmup;

  private TrainingBenchmark(Arguments arguments) {
    type = arguments.isBf16() ? DType.BF16 : DType.F32;
    lora = arguments.oneOf("--method", Set.of("lora", "full")).equals("lora");
    recompute = arguments.has(RECOMPUTE);
    rows = arguments.number("--batch", 1);
    length = arguments.number("--length", 2);
    steps = arguments.number("--steps", 1);
    warmup = arguments.number("--warmup", 0);
  }

  /**
   * Options: {@code --precision bf16|fp32}, {@code --method lora|full}, {@code --recompute}, {@code
   * --batch}, {@code --length}, {@code --steps}, {@code --warmup}, {@code --threads} (0: the
   * engine's choice).
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS, RECOMPUTE);
    TrainingBenchmark benchmark = new TrainingBenchmark(arguments);
    arguments.useThreads();
    benchmark.run();
  }

  private void run() {
    MatmulCeiling ceiling = new MatmulCeiling(DType.BF16);
    ceiling.measure();
    FineTuningMethod method = lora ? Lora.rank(RANK) : FullFineTuning.create();
    long matmulParameters = SmolLm.matmulParameters(SmolLm.declare());
    Samples samples;
    try (Decoder decoder = SmolLm.random(type);
        Adaptation adaptation = Methods.of(method).attach(decoder, Path.of("random"), 1)) {
      samples = time(decoder, adaptation);
    }
    long peak = Machine.peakResident();
    ceiling.measure();
    report(method, matmulParameters, samples, ceiling, peak);
  }

  /** Returns the seconds of each measured step. */
  private Samples time(Decoder decoder, Adaptation adaptation) {
    double targets = (double) rows * (length - 1);
    try (TrainingStep<Batch> step =
        TrainingStep.ofLanguageModel(decoder, adaptation, SmolLm.settings(recompute))) {
      return Timing.ofSteps(step, SmolLm.batch(rows, length), targets, warmup, steps);
    }
  }

  private void report(
      FineTuningMethod method,
      long matmulParameters,
      Samples samples,
      MatmulCeiling ceiling,
      long peak) {
    double median = samples.median();
    long tokens = (long) rows * length;
    int perParameter = lora ? 4 : 6;
    double flops = (double) perParameter * matmulParameters * tokens;
    double utilization = flops / median / ceiling.flops();
    Report report = new Report("Training, SmolLM2-135M's shape, random weights");
    report.line(
        "setting",
        "%s, %s, %s, batch %d x %d",
        type == DType.BF16 ? "bf16" : "fp32",
        method.description(),
        recompute ? "layers recomputed" : "all activations kept",
        rows,
        length);
    report.line(
        "seconds a step",
        "median %.3f of %d, from %.3f to %.3f, after %d of warm-up",
        median,
        steps,
        samples.least(),
        samples.most(),
        warmup);
    String name = (lora ? "LoRA" : "full") + " step of a 135M model" + kept() + batch();
    report.figure(
        samples.errorOf(Measurement.larger("speed", "tokens/s", tokens / median)).label(name));
    report.line(
        "model FLOPs",
        "%d x %.1f M matmul parameters x %d tokens = %.2f TFLOP a step, %.0f GFLOP/s",
        perParameter,
        matmulParameters / 1e6,
        tokens,
        flops / 1e12,
        flops / median / 1e9);
    report.line(
        "matmul ceiling",
        "%.0f GFLOP/s, bf16 %d^3, best of %d before and %d after the steps",
        ceiling.flops() / 1e9,
        MatmulCeiling.SIZE,
        MatmulCeiling.REPETITIONS,
        MatmulCeiling.REPETITIONS);
    report.line("fastest step", "%.3f of the ceiling", flops / samples.least() / ceiling.flops());
    double attention = SmolLm.attentionFlops(rows, length);
    double counted = (flops + attention) / median / ceiling.flops();
    report.line(
        "with attention",
        "%.3f of the ceiling, %.2f TFLOP a step of it in attention",
        counted,
        attention / 1e12);
    report.keep(samples.errorOf(Measurement.largerRatio("with attention", counted)));
    Measurement share =
        samples.errorOf(Measurement.largerRatio("utilization", utilization)).label(name + SHARE);
    Measurement memory =
        Measurement.smaller("peak resident", "GB", peak / 1e9)
            .label(name + ": peak memory of the process");
    boolean judged = type == DType.BF16 && lora;
    report.figure(judged ? share.target(recompute ? 0.15 : 0.21) : share);
    report.figure(judged ? memory.target(recompute ? 1.5 : 3.7) : memory);
    report.print();
  }

  /** Returns the size of a batch that is not the default. */
  private String batch() {
    return rows == 4 && length == 512 ? "" : ", %d x %d".formatted(rows, length);
  }

  private String kept() {
    return (type == DType.BF16 ? ", bf16" : ", fp32")
        + (recompute ? ", layers recomputed" : ", activations kept");
  }
}
