package io.adapt4j.benchmarks.training;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.LlamaShape;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.plan.Forecast;
import io.adapt4j.core.internal.plan.FullComparison;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.plan.Device;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compares QLoRA on Llamas with random weights with LoRA over bf16 weights, both with activation
 * checkpointing: speed, and peak memory against the planner's prediction and full fine-tuning. Each
 * training runs in its own process, alternating.
 */
@InSuite(
    quick = "--shape 135m --batch 1 --steps 3 --warmup 1",
    full = {"--shape 135m --batch 4 --rounds 3", "--shape 1.1b --rounds 3"})
public final class QLoraBenchmark {

  static final String OPTIONS =
      "--shape small --part all --batch 1 --length 512 --steps 3 --warmup 1 "
          + "--rounds 1 --threads 0 --folder";

  /** Minimum speed of QLoRA relative to LoRA, by shape. */
  private static final Map<String, Double> SPEED = Map.of("135m", 0.85, "1.1b", 0.90);

  private static final double MEMORY_GB = 3;
  private static final double SHARE = 0.20;
  private static final double PREDICTION = 0.15;
  private static final double BYTES = 0.53;

  private final Arguments arguments;
  private final LlamaShape shape;
  private final Report report;

  private QLoraBenchmark(Arguments arguments) {
    this.arguments = arguments;
    this.shape = LlamaShape.named(arguments.text("--shape"));
    this.report = new Report("QLoRA, a Llama of the shape " + shape.name() + ", random weights");
  }

  /**
   * Options: {@code --shape small|135m|1.1b|65b}, {@code --part all|qlora|lora|full|plan} (all:
   * QLoRA and LoRA in turn; full: full fine-tuning in fp32; plan: predictions alone, also for 65b),
   * {@code --batch}, {@code --length}, {@code --steps}, {@code --warmup}, {@code --rounds} (how
   * often all is repeated; the middle one counts), {@code --threads} (0: the engine's choice),
   * {@code --folder} (keeps the checkpoint there for the next time; 2.2 GB for 1.1b).
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    QLoraBenchmark benchmark = new QLoraBenchmark(arguments);
    String part = arguments.oneOf("--part", Set.of("all", "qlora", "lora", "full", "plan"));
    if (part.equals("plan")) {
      benchmark.plan();
    } else {
      benchmark.measure(part);
    }
    benchmark.report.print();
  }

  private QLoraCase part(String name) {
    return new QLoraCase(arguments, name);
  }

  private void plan() {
    boolean large = shape.name().equals("65b");
    Planner planner =
        Planner.of(shape.config(), large ? QLora.nf4().rank(64) : part("qlora").method());
    StepShape step =
        StepShape.of(
                arguments.number("--batch", 1),
                arguments.number("--length", 2),
                DType.BF16,
                large ? Optimizer.pagedAdamW() : Optimizer.adamW())
            .withRecompute(true);
    Forecast found =
        planner.forecast(
            step, large ? Device.gpu("a 48 GB card", 48_000_000_000L) : Device.machine());
    found.text().lines().forEach(text -> report.line("", "%s", text.strip()));
    report.line("fits", "%s", Report.verdict(found.fits()));
  }

  private void measure(String part) {
    TemporaryFolder.run(arguments.text("--folder"), folder -> measure(part, folder));
  }

  private void measure(String part, Path folder) {
    if (!Files.exists(folder.resolve("config.json"))) {
      shape.write(folder);
    }
    if (!part.equals("all")) {
      OwnProcess process = part(part).run(folder);
      report(part(part), process);
      keep(part(part), List.of(process));
      return;
    }
    List<OwnProcess> lora = new ArrayList<>();
    List<OwnProcess> qlora = new ArrayList<>();
    Turns turns =
        new Turns(0, arguments.number("--rounds", 1))
            .add("lora", round -> trained("lora", folder, lora))
            .add("qlora", round -> trained("qlora", folder, qlora))
            .run();
    keep(part("lora"), lora);
    keep(part("qlora"), qlora);
    Measurement ratio =
        turns
            .ratio("lora", "qlora")
            .largerRatio("speed over LoRA")
            .label("QLoRA step of a " + shape.name() + " Llama, over a bf16 LoRA step");
    report.figure(SPEED.containsKey(shape.name()) ? ratio.target(SPEED.get(shape.name())) : ratio);
  }

  private double trained(String part, Path folder, List<OwnProcess> processes) {
    OwnProcess process = part(part).run(folder);
    processes.add(process);
    report(part(part), process);
    return seconds(process);
  }

  private static double seconds(OwnProcess process) {
    return process.number(QLoraCase.SECONDS);
  }

  private void keep(QLoraCase qLoraCase, List<OwnProcess> processes) {
    Samples speeds =
        Samples.of(processes.stream().map(QLoraBenchmark::seconds).toList())
            .map(seconds -> qLoraCase.step().positions() / seconds);
    Samples peaks = Samples.of(processes.stream().map(process -> process.peak()).toList());
    double predicted = qLoraCase.predicted().peakBytes();
    report.keep(speeds.larger(qLoraCase.part() + ": speed", "tokens/s"));
    report.keep(
        Measurement.smaller(qLoraCase.part() + ": peak resident", "GB", peaks.median() / 1e9));
    report.keep(
        Measurement.smaller(
                qLoraCase.part() + ": error of the predicted peak",
                "",
                Math.abs(predicted / peaks.median() - 1))
            .target(PREDICTION));
  }

  private void report(QLoraCase qLoraCase, OwnProcess process) {
    double seconds = seconds(process);
    double peak = process.peak();
    double predicted = qLoraCase.predicted().peakBytes();
    report.line(
        qLoraCase.part(),
        "%s, %s, %d x %d, layers recomputed",
        qLoraCase.method().description(),
        qLoraCase.step().type(),
        qLoraCase.rows(),
        qLoraCase.length());
    report.line(
        "speed", "%.3f s a step, %.0f tokens/s", seconds, qLoraCase.step().positions() / seconds);
    report.line(
        "peak resident",
        "%.3f GB, %.3f GB until the model was loaded",
        peak / 1e9,
        process.number(QLoraCase.LOADED) / 1e9);
    report.line(
        "predicted",
        "%.3f GB, %.3f of the peak (target: within %.0f %%) %s",
        predicted / 1e9,
        predicted / peak,
        PREDICTION * 100,
        Report.verdict(Math.abs(predicted / peak - 1) <= PREDICTION));
    if (qLoraCase.part().equals("qlora")) {
      reportMemory(qLoraCase, process, peak);
    }
  }

  private void reportMemory(QLoraCase qLoraCase, OwnProcess process, double peak) {
    FullComparison full = qLoraCase.planner().compared(qLoraCase.step(), Device.Kind.CPU);
    double share = peak / full.fullBytes();
    report.line(
        "of full",
        "%.1f %% of the %.2f GB that full fine-tuning with AdamW in fp32 is predicted to take",
        share * 100,
        full.fullBytes() / 1e9);
    double bytes = process.number(QLoraCase.BYTES) / process.number(QLoraCase.WEIGHTS);
    report.line(
        "bytes a weight",
        "%.4f (target: at most %.2f) %s",
        bytes,
        BYTES,
        Report.verdict(bytes <= BYTES));
    if (shape.name().equals("1.1b")) {
      report.line(
          "peak resident",
          "%.2f GB of the process (target: at most %.1f) %s",
          peak / 1e9,
          MEMORY_GB,
          Report.verdict(peak / 1e9 <= MEMORY_GB));
      report.line(
          "",
          "%.3f of full fine-tuning (target: at most %.2f) %s",
          share,
          SHARE,
          Report.verdict(share <= SHARE));
    }
  }

  /** A training of {@link QLoraBenchmark}, and the program that runs it in its own process. */
  record QLoraCase(Arguments arguments, String part) {

    static final String LOADED = "peak while loading ";
    static final String SECONDS = "median seconds a step ";
    static final String WEIGHTS = "weights in 4 bits ";
    static final String BYTES = "their bytes ";

    private static final int RANK = 16;

    LlamaShape shape() {
      return LlamaShape.named(arguments.text("--shape"));
    }

    int rows() {
      return arguments.number("--batch", 1);
    }

    int length() {
      return arguments.number("--length", 2);
    }

    FineTuningMethod method() {
      return switch (part) {
        case "qlora" -> QLora.nf4().rank(RANK);
        case "lora" -> Lora.rank(RANK);
        default -> FullFineTuning.create();
      };
    }

    /** Adapters train in bf16, everything in fp32; layers are recomputed in any case. */
    StepShape step() {
      DType type = part.equals("full") ? DType.F32 : DType.BF16;
      return StepShape.of(rows(), length(), type, Optimizer.adamW()).withRecompute(true);
    }

    Planner planner() {
      return Planner.of(shape().config(), method());
    }

    MemoryEstimate predicted() {
      return planner().estimate(step());
    }

    OwnProcess run(Path folder) {
      return OwnProcess.run(QLoraCase.class, arguments.with("--part", part, "--folder", folder));
    }

    /** Trains, and prints the time per step and the peak RSS; the options are the benchmark's. */
    public static void main(String[] line) {
      Arguments arguments = Arguments.parse(line, QLoraBenchmark.OPTIONS).useThreads();
      new QLoraCase(arguments, arguments.text("--part")).train(Path.of(arguments.text("--folder")));
      OwnProcess.printPeak();
    }

    private void train(Path folder) {
      try (Decoder decoder = load(folder)) {
        System.out.println(LOADED + Machine.peakResident());
        List<QuantizedLinear> packed = decoder.packedLinears();
        System.out.println(WEIGHTS + packed.stream().mapToLong(QuantizedLinear::packedCount).sum());
        System.out.println(BYTES + packed.stream().mapToLong(QuantizedLinear::packedBytes).sum());
        TrainingStep.Settings settings =
            new TrainingStep.Settings(step().optimizer(), 0.01, 1.0, step().recompute());
        Batch batch = SmolLm.batch(rows(), length(), decoder.dimensions().vocabularySize());
        double targets = (double) rows() * (length() - 1);
        try (Adaptation adaptation = Methods.of(method()).attach(decoder, folder, 1);
            TrainingStep<Batch> training =
                TrainingStep.ofLanguageModel(decoder, adaptation, settings)) {
          System.out.println(
              SECONDS
                  + Timing.ofSteps(
                          training,
                          batch,
                          targets,
                          arguments.number("--warmup", 0),
                          arguments.number("--steps", 1))
                      .median());
        }
      }
    }

    private Decoder load(Path folder) {
      Decoder decoder = shape().declare();
      try (Checkpoint checkpoint = Checkpoint.open(folder)) {
        WeightMechanics.of(Methods.of(method()).weightFormat()).install(decoder, checkpoint);
        Weights.check(decoder, checkpoint);
        decoder.allocate(step().type());
        Weights.load(decoder, checkpoint);
      }
      return decoder;
    }
  }
}
