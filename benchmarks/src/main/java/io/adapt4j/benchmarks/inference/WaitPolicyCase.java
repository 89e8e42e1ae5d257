package io.adapt4j.benchmarks.inference;

import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.EngineInfo;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.List;

/** One process of {@link WaitPolicyBenchmark}: it measures, or only keeps a processor busy. */
@InSuite(leftOut = "WaitPolicyBenchmark runs it")
final class WaitPolicyCase {

  static final String BUSY = "busy";
  static final String DECODING = "seconds of decoding: ";
  static final String STEP = "seconds of a step: ";

  private static final int TOKENS = 100;
  private static final int ROWS = 2;
  private static final int LENGTH = 64;
  private static final double RATE = 1e-4;

  private WaitPolicyCase() {}

  /** Runs the case. */
  public static void main(String[] line) {
    if (line[0].equals(BUSY)) {
      System.out.println(BUSY);
      for (double value = 1; value > 0; ) {
        value = Math.sin(value) + 2;
      }
      return;
    }
    int repetitions = Integer.parseInt(line[0]);
    System.out.println(EngineInfo.threadWaiting());
    System.out.println(DECODING + decoding(repetitions));
    System.out.println(STEP + step(repetitions));
  }

  private static double decoding(int repetitions) {
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(TOKENS).ignoreEos(true).build();
    try (LanguageModel model = LanguageModel.load(ModelSource.path(ExampleFiles.model()))) {
      model.generate("Once upon a time", options);
      return Timing.seconds(0, repetitions, i -> model.generate("Once upon a time", options))
          .median();
    }
  }

  private static double step(int repetitions) {
    List<LanguageModelLoss.Inputs> batch = List.of(SmolLm.batch(ROWS, LENGTH));
    try (Decoder decoder = SmolLm.random(DType.F32);
        Adaptation adaptation = Methods.of(Lora.rank(8)).attach(decoder, Path.of("random"), 1);
        TrainingStep<LanguageModelLoss.Inputs> step =
            TrainingStep.ofLanguageModel(decoder, adaptation, SmolLm.settings(false))) {
      double targets = (double) ROWS * (LENGTH - 1);
      step.run(batch, targets, RATE, 0);
      return Timing.seconds(0, repetitions, i -> step.run(batch, targets, RATE, i + 1)).median();
    }
  }
}
