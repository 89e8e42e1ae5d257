import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.List;

/**
 * Compares predicted with measured peak memory. Each configuration trains in its own process; the
 * peak is Linux's VmHWM.
 */
public final class PlanBenchmark {

  private static final String QUICK = "--quick";
  private static final String ITEMS = "--items";
  private static final int QUICK_CASES = 2;
  private static final double TARGET = 0.15;

  /** Relative variation of a measured peak between runs of the same configuration. */
  private static final double REPEATED = 0.02;

  private PlanBenchmark() {}

  /**
   * Options: {@code --only} (number of a configuration, -1 for all), {@code --quick} (the last
   * two), {@code --items} (prints the components of each prediction).
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, "--only -1", QUICK, ITEMS);
    String only = arguments.text("--only");
    Report report = new Report("Predicted and measured peak memory of training");
    List<PlanCase> grid = PlanCase.grid();
    double worst = 0;
    for (int i = arguments.has(QUICK) ? grid.size() - QUICK_CASES : 0; i < grid.size(); i++) {
      if (only.equals("-1") || only.equals(String.valueOf(i))) {
        worst = Math.max(worst, compare(report, grid.get(i), measure(i), arguments.has(ITEMS)));
      }
    }
    report.figure(
        Measurement.smaller("largest error", "%", worst * 100)
            .plusMinus(REPEATED * 100)
            .target(TARGET * 100)
            .label("predicted peak memory against measured, largest error"));
    report.print();
  }

  private static double compare(Report report, PlanCase planCase, long measured, boolean items) {
    MemoryEstimate predicted = planCase.predicted();
    double ratio = (double) predicted.peakBytes() / measured;
    report.line(
        planCase.model(),
        "%-24s %d x %d %s %-9s predicted %.3f GB, measured %.3f GB, ratio %.3f",
        planCase.name(),
        planCase.step().rows(),
        planCase.step().length(),
        planCase.step().type(),
        planCase.step().optimizer().getClass().getSimpleName(),
        predicted.peakBytes() / 1e9,
        measured / 1e9,
        ratio);
    report.keep(Measurement.smaller(planCase.name() + ": peak resident", "GB", measured / 1e9));
    if (items) {
      predicted.lasting().forEach(item -> line(report, "", item));
      report.line("", "in the %s:", predicted.peakPhase().name());
      predicted.peakPhase().items().forEach(item -> line(report, "  ", item));
    }
    return Math.abs(ratio - 1);
  }

  private static void line(Report report, String indent, MemoryItem item) {
    report.line("", "%s%-34s %8.1f MB", indent, item.name(), item.bytes() / 1e6);
  }

  /** Runs a configuration in a JVM like this one. */
  private static long measure(int number) {
    return (long) OwnProcess.run(PlanCase.class, number).peak();
  }

  /**
   * One configuration of {@link PlanBenchmark}, and the program that runs it in its own process.
   */
  record PlanCase(String name, String model, boolean lora, StepShape step) {

    private static final String SMALL = "gpt2-28m";
    private static final String LARGE = "llama-135m";
    private static final int RANK = 16;
    private static final int STEPS = 2;

    /** GPT-2's structure with fewer layers: learned positions, layer norms, biases, a plain MLP. */
    private static final String SMALL_CONFIG =
        """
        {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": 384, "n_layer": 6,
         "n_head": 6, "n_ctx": 1024, "n_positions": 1024, "vocab_size": 50257,
         "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
         "bos_token_id": 50256, "eos_token_id": 50256, "torch_dtype": "float32"}
        """;

    /**
     * Returns the grid: both methods, with and without activation checkpointing, both types,
     * several sizes and optimizers.
     */
    static List<PlanCase> grid() {
      Optimizer adamW = Optimizer.adamW();
      return List.of(
          new PlanCase("lora", LARGE, true, StepShape.of(4, 512, DType.BF16, adamW)),
          new PlanCase(
              "lora, recomputed",
              LARGE,
              true,
              StepShape.of(4, 512, DType.BF16, adamW).withRecompute(true)),
          new PlanCase("lora, fp32", LARGE, true, StepShape.of(2, 256, DType.F32, adamW)),
          new PlanCase("full", LARGE, false, StepShape.of(2, 256, DType.BF16, adamW)),
          new PlanCase(
              "full, recomputed, 8-bit",
              LARGE,
              false,
              StepShape.of(1, 512, DType.F32, Optimizer.adamW8bit()).withRecompute(true)),
          new PlanCase(
              "full, another family", SMALL, false, StepShape.of(8, 256, DType.F32, adamW)));
    }

    Decoder declare() {
      return model.equals(LARGE)
          ? SmolLm.declare()
          : Architectures.declareDecoder(
              ModelConfig.parse(Path.of(model + "/config.json"), SMALL_CONFIG));
    }

    FineTuningMethod method() {
      return lora ? Lora.rank(RANK) : FullFineTuning.create();
    }

    MemoryEstimate predicted() {
      return Planner.of(declare(), method()).estimate(step);
    }

    /** Trains two steps of a configuration and prints the peak RSS in bytes. */
    public static void main(String[] line) {
      PlanCase planCase = grid().get(Integer.parseInt(line[0]));
      planCase.train();
      OwnProcess.printPeak();
    }

    private void train() {
      try (Decoder decoder = declare()) {
        decoder.allocate(step.type());
        Weights.randomize(decoder, 1);
        TrainingStep.Settings settings =
            new TrainingStep.Settings(step.optimizer(), 0.01, 1.0, step.recompute());
        Batch batch =
            SmolLm.batch(step.rows(), step.length(), decoder.dimensions().vocabularySize());
        double targets = (double) step.rows() * (step.length() - 1);
        try (Adaptation adaptation = Methods.of(method()).attach(decoder, Path.of("random"), 1);
            TrainingStep<Batch> steps =
                TrainingStep.ofLanguageModel(decoder, adaptation, settings)) {
          for (int i = 0; i < STEPS; i++) {
            LanguageModelLoss.evaluate(decoder, batch);
            steps.run(List.of(batch), targets, 1e-4, i);
          }
        }
      }
    }
  }
}
