package io.adapt4j.examples;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.eval.metric.F1Score;
import io.adapt4j.eval.metric.Metric;
import io.adapt4j.eval.metric.Metrics;
import io.adapt4j.examples.receipts.RandomReader;
import io.adapt4j.examples.receipts.Receipt;
import io.adapt4j.examples.receipts.Receipt.Layout;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.vision.VisionLanguageModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Trains a small random model to read receipts of tills, and adapts it to photographs of another
 * shop's receipts with LoRA.
 *
 * <p>Run it from the root of the repository.
 */
public final class ReadReceipts {

  private static final Path BASE = Path.of("examples/data/reader");
  private static final int TESTED = 100;

  /** Half the width of a 95 % interval of a mean over its standard error, by count (Student). */
  private static final double[] STUDENT = {0, 0, 12.706, 4.303, 3.182, 2.776};

  private ReadReceipts() {}

  /** Sizes of the example. */
  record Sizes(int tills, int tillEpochs, int photographs, int epochs, int tested) {}

  /**
   * Runs the example.
   *
   * @param args optionally, the number of seeds, at most 5; default 1
   */
  public static void main(String[] args) {
    int seeds = args.length > 0 ? Integer.parseInt(args[0]) : 1;
    if (seeds < 1 || seeds >= STUDENT.length) {
      throw new IllegalArgumentException(
          "seeds is %d. Use 1 to %d.".formatted(seeds, STUDENT.length - 1));
    }
    double[] before = new double[seeds];
    double[] after = new double[seeds];
    for (int seed = 0; seed < seeds; seed++) {
      Path folder = Path.of("runs/receipts-" + seed);
      double[] found = run(folder, BASE, new Sizes(6400, 5, 1600, 10, TESTED), seed);
      before[seed] = found[0];
      after[seed] = found[1];
    }
    System.out.printf(
        "%nField F1 on photographs: %s before LoRA, %s after%s%n",
        text(before), text(after), seeds > 1 ? " (mean, 95 %% interval)".formatted() : "");
  }

  private static String text(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    if (values.length == 1) {
      return "%.3f".formatted(mean);
    }
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    double error = Math.sqrt(squares / (values.length - 1) / values.length);
    return "%.3f ± %.3f".formatted(mean, STUDENT[values.length] * error);
  }

  /** Returns the field F1 on photographs before and after their adapter. */
  static double[] run(Path folder, Path base, Sizes sizes, long seed) {
    System.out.println(
        "Training a random model, at rates that are too high for a trained one: so the warnings.");
    RandomReader.write(folder.resolve("random"), base, seed);
    Path tills = Receipt.write(folder, "tills", Layout.TILL, sizes.tills(), 10 * seed + 1);
    FineTuner.builder()
        .model(ModelSource.path(folder.resolve("random")))
        .dataset(Datasets.jsonl(tills))
        .method(FullFineTuning.create())
        .epochs(sizes.tillEpochs())
        .batchSize(16)
        .learningRate(1e-3)
        .maxLength(256)
        .seed(seed)
        .output(folder.resolve("reader"))
        .overwriteOutput()
        .listener(TrainingListeners.console())
        .build()
        .run();
    Path reader = folder.resolve("reader/last");
    Path photographs =
        Receipt.write(folder, "photographs", Layout.KIOSK, sizes.photographs(), 10 * seed + 2);
    System.out.printf(
        "Seed %d: field F1 of the reader on tills %.3f%n",
        seed, f1(reader, Layout.TILL, sizes.tested(), 10 * seed + 3));
    double before = f1(reader, Layout.KIOSK, sizes.tested(), 10 * seed + 4);
    FineTuner.builder()
        .model(ModelSource.path(reader))
        .dataset(Datasets.jsonl(photographs))
        .method(Lora.rank(16))
        .epochs(sizes.epochs())
        .batchSize(16)
        .learningRate(3e-3)
        .maxLength(256)
        .seed(seed)
        .output(folder.resolve("adapter"))
        .overwriteOutput()
        .listener(TrainingListeners.console())
        .build()
        .run();
    double after =
        f1(
            reader,
            Layout.KIOSK,
            sizes.tested(),
            10 * seed + 4,
            LoraAdapter.at(folder.resolve("adapter/last")));
    System.out.printf(
        "Seed %d: field F1 on photographs %.3f before LoRA, %.3f after%n", seed, before, after);
    return new double[] {before, after};
  }

  private static double f1(Path model, Layout layout, int count, long seed, Adapter... adapters) {
    ChatMessage question =
        ChatMessage.of(
            Map.of(
                "role",
                "user",
                "content",
                List.of(
                    Map.of("type", "image"), Map.of("type", "text", "text", Receipt.QUESTION))));
    GenerationOptions options = GenerationOptions.greedy().toBuilder().maxNewTokens(80).build();
    Metric<String, String, F1Score> fields = Metrics.fieldF1();
    SplittableRandom random = new SplittableRandom(seed);
    List<Receipt> receipts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      receipts.add(Receipt.draw(layout, random));
    }
    boolean shown = false;
    try (VisionLanguageModel reader = VisionLanguageModel.load(ModelSource.path(model), adapters)) {
      for (Receipt receipt : receipts) {
        String answer = reader.chat(List.of(question), List.of(receipt.picture()), options);
        if (!shown) {
          shown = true;
          System.out.println(receipt.json() + " is read as " + answer.strip());
        }
        fields.add(answer, receipt.json());
      }
    }
    return fields.result().f1();
  }
}
