package io.adapt4j.examples;

import io.adapt4j.core.Classification;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.data.Splitter;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.tensor.host.Processor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Teaches the sentence encoder all-MiniLM-L6-v2 the 77 intents of BANKING77 (Casanueva et al.
 * 2020), questions of bank customers, and measures its accuracy on held-out rows.
 *
 * <p>{@code Banking77 MODEL_FOLDER TRAIN_CSV OUTPUT_FOLDER [full|lora] [EPOCHS]}: the folder that
 * {@link ConvertMiniLm} writes, and the file with the columns text and category. A twentieth of the
 * rows is kept for validation and a tenth for the test, each label in proportion. The output folder
 * has the curve ({@code metrics.jsonl}) and the confusion report ({@code evaluation.txt} and {@code
 * .json}) of the best epoch. Exits with 2 on wrong usage.
 */
public final class Banking77 {

  private static final long SEED = 42;
  private static final int FULL_EPOCHS = 5;
  private static final int LORA_EPOCHS = 14;
  private static final double FULL_RATE = 2e-4;
  private static final double LORA_RATE = 2e-3;

  /** The randomly initialized layers; all others are pretrained. */
  private static final String NEW_LAYERS = "pooler|classifier";

  /**
   * The word embeddings, which train slowly: few words occur in the data, and would otherwise drift
   * from the others.
   */
  private static final String WORDS = "word_embeddings";

  private Banking77() {}

  /**
   * Runs the example.
   *
   * @param arguments model folder, data file, output folder, method, epochs
   */
  public static void main(String[] arguments) {
    boolean lora = arguments.length > 3 && arguments[3].equals("lora");
    boolean known = arguments.length < 4 || lora || arguments[3].equals("full");
    if (arguments.length < 3 || arguments.length > 5 || !known) {
      System.err.println(
          "Usage: Banking77 MODEL_FOLDER TRAIN_CSV OUTPUT_FOLDER [full|lora] [EPOCHS]");
      System.exit(2);
    }
    int epochs =
        arguments.length > 4 ? Integer.parseInt(arguments[4]) : lora ? LORA_EPOCHS : FULL_EPOCHS;
    ModelSource base = ModelSource.path(Path.of(arguments[0]));
    Path output = Path.of(arguments[2]);
    Split split =
        Splitter.of(Datasets.read(Path.of(arguments[1])).open())
            .seed(SEED)
            .fractions(0.85, 0.05, 0.1)
            .stratifyByLabel()
            .split();

    FineTuner tuner =
        FineTuner.builder()
            .model(base)
            .task(Task.classification())
            .dataset(split)
            .method(lora ? Lora.rank(16).alpha(32) : FullFineTuning.create())
            .epochs(epochs)
            .learningRate(lora ? LORA_RATE : FULL_RATE)
            .learningRateFactor(NEW_LAYERS, lora ? 1 : 5)
            .learningRateFactor(WORDS, 0.1)
            .schedule(LearningRateSchedule.LINEAR)
            .warmupRatio(0.1)
            .batchSize(32)
            .precision(Processor.hasBf16() ? Precision.BF16 : Precision.FP32)
            .evaluateEvery(Interval.EPOCH)
            .saveLimit(0)
            .keepBest()
            .metricForBestModel("accuracy")
            .seed(SEED)
            .listener(TrainingListeners.console())
            .listener(TrainingListeners.jsonl(output.resolve("metrics.jsonl")))
            .output(output)
            .overwriteOutput()
            .build();
    FineTuneReport report = tuner.run();

    try (TextClassifier classifier =
        lora
            ? TextClassifier.load(base, LoraAdapter.at(report.best()))
            : TextClassifier.load(ModelSource.path(report.best()))) {
      Duration time = report.elapsed();
      System.out.printf(
          Locale.ROOT,
          "Test accuracy %.2f %% on %d rows after %d:%02d minutes of training; report in %s%n",
          100 * accuracy(classifier, split.test()),
          split.test().size(),
          time.toMinutes(),
          time.toSecondsPart(),
          output.resolve("evaluation.txt"));
    }
  }

  /** Returns the accuracy of the classifier on rows. */
  static double accuracy(TextClassifier classifier, Dataset rows) {
    List<Example.Classified> examples =
        IntStream.range(0, rows.size()).mapToObj(i -> (Example.Classified) rows.get(i)).toList();
    List<Classification> found =
        classifier.classifyAll(examples.stream().map(Example.Classified::text).toList());
    long right =
        IntStream.range(0, found.size())
            .filter(i -> found.get(i).label().equals(examples.get(i).labels().get(0)))
            .count();
    return (double) right / found.size();
  }
}
