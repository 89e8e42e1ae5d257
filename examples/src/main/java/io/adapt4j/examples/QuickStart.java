package io.adapt4j.examples;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.train.Interval;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;

/**
 * Teaches a model that only knows children's stories to write like Shakespeare.
 *
 * <p>Run it from the root of the repository. With an argument it takes that checkpoint folder of a
 * supported architecture instead of the model shipped with the examples.
 */
public final class QuickStart {

  private static final Path DATA = Path.of("examples/data/shakespeare/passages.jsonl");
  private static final Path STORIES = Path.of("examples/models/stories260K");
  private static final Path OUTPUT = Path.of("runs/quick-start");
  private static final String PROMPT = "KING RICHARD:\n";
  private static final long SEED = 42;

  private QuickStart() {}

  /**
   * Runs the example.
   *
   * @param args optionally, a checkpoint folder
   */
  public static void main(String[] args) {
    ModelSource base = ModelSource.path(args.length > 0 ? Path.of(args[0]) : STORIES);

    FineTuner tuner =
        FineTuner.builder()
            .model(base)
            .dataset(Datasets.jsonl(DATA).split(0.9, 0.1, 0, SEED))
            .method(Lora.rank(16).alpha(32))
            .epochs(3)
            .learningRate(2e-3)
            .batchSize(8)
            .evaluateEvery(Interval.EPOCH)
            .keepBest()
            .seed(SEED)
            .listener(TrainingListeners.console())
            .listener(TrainingListeners.jsonl(OUTPUT.resolve("metrics.jsonl")))
            .output(OUTPUT)
            .overwriteOutput()
            .build();

    System.out.println("Before:");
    try (LanguageModel model = LanguageModel.load(base)) {
      write(model);
    }

    FineTuneReport report = tuner.run();

    System.out.println("After:");
    try (LanguageModel model = LanguageModel.load(base, LoraAdapter.at(report.best()))) {
      write(model);
    }
    System.out.printf(
        "Validation loss %.3f -> %.3f, %d of %d parameters trained, adapter in %s%n",
        report.initialValidationLoss().orElseThrow(),
        report.bestValidationLoss().orElseThrow(),
        report.plan().trainableParameters(),
        report.plan().totalParameters(),
        report.best());
  }

  private static void write(LanguageModel model) {
    GenerationOptions options =
        GenerationOptions.builder().maxNewTokens(160).temperature(0.7).seed(SEED).build();
    System.out.print(PROMPT);
    model.generate(PROMPT, options, System.out::print);
    System.out.println("\n");
  }
}
