package io.adapt4j.benchmarks.training;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.LlamaShape;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.LanguageModelLoss;
import io.adapt4j.core.internal.nn.QuantizedLinear;
import io.adapt4j.core.internal.nn.WeightMechanics;
import io.adapt4j.core.internal.nn.Weights;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import java.nio.file.Path;
import java.util.List;

/** A training of {@link QLoraBenchmark}, and the program that runs it in its own process. */
@InSuite(leftOut = "a part of QLoraBenchmark")
record QLoraCase(Arguments arguments, String part) {

  static final String PEAK = "peak RSS      bytes ";
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
    System.out.println(PEAK + Machine.peakResident());
  }

  private void train(Path folder) {
    try (Decoder decoder = load(folder)) {
      System.out.println(LOADED + Machine.peakResident());
      List<QuantizedLinear> packed = decoder.packedLinears();
      System.out.println(WEIGHTS + packed.stream().mapToLong(QuantizedLinear::packedCount).sum());
      System.out.println(BYTES + packed.stream().mapToLong(QuantizedLinear::packedBytes).sum());
      TrainingStep.Settings settings =
          new TrainingStep.Settings(step().optimizer(), 0.01, 1.0, step().recompute());
      LanguageModelLoss.Inputs batch =
          SmolLm.batch(rows(), length(), decoder.dimensions().vocabularySize());
      double targets = (double) rows() * (length() - 1);
      try (Adaptation adaptation = Methods.of(method()).attach(decoder, folder, 1);
          TrainingStep<LanguageModelLoss.Inputs> training =
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
