package io.adapt4j.verification;

import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.qlora.Quantization;
import io.adapt4j.verification.QLoraQualityRuns.Loss;
import io.adapt4j.verification.QLoraQualityRuns.Trained;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Measures the quality loss of quantized weights. Prints the perplexity of real models on held-out
 * stories with weights unquantized, in 8 bits, NF4 and FP4, with and without double quantization;
 * the effect of 8 bits on token-by-token decoding; and the accuracy of a small model trained to
 * classify news topics in full, with LoRA and with QLoRA.
 *
 * <p>{@code QLoraQuality [SHARED_DATA [ROWS [EPOCHS]]]}: run it from the root of the repository.
 * The folder contains {@code stories3M} and {@code agnews}; without it, only the perplexity of the
 * examples' model is measured. Rows and epochs (default 4000 and 4) apply to the training.
 */
public final class QLoraQuality {

  private static final int STORIES = 60;

  /** Model whose rows are too short for 4-bit and GGUF blocks. */
  private static final String SMALL = "stories260K";

  /**
   * Perplexity of Llama 2 on WikiText-2 in fp16 and in bitsandbytes' 4 bits with blocks of 64, 7B
   * and 13B (Badri and Shaji 2023, "Half-Quadratic Quantization", table 1).
   */
  private static final String PUBLISHED = "5.18 to 5.43 (+4.8 %) and 4.63 to 4.79 (+3.5 %)";

  private QLoraQuality() {}

  /**
   * Runs the measurements.
   *
   * @param arguments optionally the folder of additional models and data, the number of training
   *     rows, and the epochs
   */
  public static void main(String[] arguments) {
    Path examples = Path.of("examples");
    Path stories = examples.resolve("data/tinystories/heldout.jsonl");
    perplexities(SMALL, examples.resolve("models/stories260K"), stories);
    if (arguments.length == 0 || !Files.isDirectory(Path.of(arguments[0]))) {
      System.out.println("No folder of shared data, so nothing is trained.");
      return;
    }
    Path shared = Path.of(arguments[0]);
    int rows = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 4000;
    int epochs = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 4;
    perplexities("stories3M", shared.resolve("stories3M"), stories);
    accuracies(
        new QLoraQualityRuns(
            ModelSource.path(shared.resolve("stories3M")),
            shared.resolve("agnews"),
            Path.of("runs/qlora-quality"),
            rows,
            epochs));
  }

  private static void perplexities(String name, Path model, Path stories) {
    System.out.printf("%n%s, %d held-out stories%n", name, STORIES);
    System.out.println("| weights | nats a token | perplexity | increase |");
    System.out.println("| --- | --- | --- | --- |");
    double plain = 0;
    for (Map.Entry<String, WeightFormat> format : QLoraQualityRuns.formats().entrySet()) {
      Loss loss = QLoraQualityRuns.loss(model, format.getValue(), stories, STORIES);
      plain = plain == 0 ? loss.perplexity() : plain;
      System.out.printf(
          Locale.ROOT,
          "| %s | %.4f | %.4f | %+.3f %% |%n",
          format.getKey(),
          loss.nats(),
          loss.perplexity(),
          100 * (loss.perplexity() / plain - 1));
    }
    System.out.println("Published, Llama 2 of 7B and 13B: " + PUBLISHED);
    List<List<Integer>> texts = QLoraQualityRuns.tokens(model, stories, STORIES);
    stepByStep(texts, model);
    if (!name.equals(SMALL)) {
      roundedActivations(texts, model);
    }
  }

  /** Measures the loss by 8-bit activations with NF4 weights and GGUF files. */
  private static void roundedActivations(List<List<Integer>> texts, Path model) {
    System.out.println("| weights | activations | perplexity | increase | same likeliest token |");
    System.out.println("| --- | --- | --- | --- | --- |");
    rounded("NF4", model, Quantization.nf4(), texts);
    for (GgufQuantization type :
        List.of(GgufQuantization.Q8_0, GgufQuantization.Q4_0, GgufQuantization.Q5_0)) {
      Path file = Path.of("runs/rounded-activations", type + ".gguf");
      GgufExport.of(model).type(type).to(file);
      rounded(type + " (GGUF)", ModelSource.path(file).folder(), WeightFormat.asStored(), texts);
    }
  }

  private static void rounded(
      String weights, Path model, WeightFormat format, List<List<Integer>> texts) {
    QuantizedSteps plain = QuantizedSteps.of(model, format, texts);
    QuantizedSteps found = QuantizedSteps.of(model, WeightFormat.int8Activations(format), texts);
    System.out.printf(Locale.ROOT, "| %s | fp32 | %.4f | | |%n", weights, plain.perplexity());
    System.out.printf(
        Locale.ROOT,
        "| %s | int8 | %.4f | %+.3f %% | %.2f %% |%n",
        weights,
        found.perplexity(),
        100 * (found.perplexity() / plain.perplexity() - 1),
        100 * found.agreement(plain));
  }

  private static void stepByStep(List<List<Integer>> texts, Path model) {
    System.out.println("| decoded token by token | perplexity | increase | same likeliest token |");
    System.out.println("| --- | --- | --- | --- |");
    QuantizedSteps plain = null;
    for (Map.Entry<String, WeightFormat> format : QLoraQualityRuns.stepFormats().entrySet()) {
      QuantizedSteps found = QuantizedSteps.of(model, format.getValue(), texts);
      plain = plain == null ? found : plain;
      System.out.printf(
          Locale.ROOT,
          "| %s | %.4f | %+.3f %% | %.2f %% |%n",
          format.getKey(),
          found.perplexity(),
          100 * (found.perplexity() / plain.perplexity() - 1),
          100 * found.agreement(plain));
    }
  }

  private static void accuracies(QLoraQualityRuns runs) {
    System.out.printf("%nstories3M on news topics, %s%n", runs.setting());
    System.out.println("| method | trained values | accuracy | loss | seconds |");
    System.out.println("| --- | --- | --- | --- | --- |");
    List<Trained> all = runs.all(QLoraQuality::print);
    double full = accuracy(all, QLoraQualityRuns.FULL);
    double qlora = accuracy(all, QLoraQualityRuns.QLORA);
    System.out.printf(
        Locale.ROOT,
        "QLoRA's accuracy is %.4f of full fine-tuning's (target: at least 0.99) %s%n",
        qlora / full,
        qlora / full >= 0.99 ? "REACHED" : "MISSED");
  }

  private static void print(Trained trained) {
    System.out.printf(
        Locale.ROOT,
        "| %s | %,d | %.2f %% | %.4f | %.0f |%n",
        trained.name(),
        trained.values(),
        100 * trained.accuracy(),
        trained.loss(),
        trained.seconds());
  }

  private static double accuracy(List<Trained> all, String name) {
    return all.stream()
        .filter(trained -> trained.name().equals(name))
        .mapToDouble(Trained::accuracy)
        .findFirst()
        .orElseThrow();
  }
}
