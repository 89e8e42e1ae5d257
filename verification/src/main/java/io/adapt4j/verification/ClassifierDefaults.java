package io.adapt4j.verification;

import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import io.adapt4j.lora.Lora;
import io.adapt4j.rag.embed.MiniLm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Accuracy of classifiers fine-tuned from all-MiniLM-L6-v2 with the defaults, in full and with
 * LoRA, compared with a logistic regression on its frozen sentence vectors: on BANKING77, AG News,
 * CLINC150 and SST-2, with different rows for every seed.
 *
 * <p>{@code ClassifierDefaults SHARED_DATA OUTPUT_FOLDER SEED [DATA_SET ...]}. Exits with 1 if a
 * tuned classifier is below the frozen one, with 2 on wrong usage.
 */
public final class ClassifierDefaults {

  private ClassifierDefaults() {}

  /**
   * Runs the comparison and prints a line for each classifier.
   *
   * @param arguments folder of the data, folder to write to, seed, and names of data sets; all by
   *     default
   * @throws IOException if the encoder or data cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 3) {
      System.err.println("Usage: ClassifierDefaults SHARED_DATA OUTPUT_FOLDER SEED [DATA_SET ...]");
      System.exit(2);
    }
    long seed = Long.parseLong(arguments[2]);
    List<String> wanted = Arrays.asList(arguments).subList(3, arguments.length);
    boolean below = false;
    for (LabeledRows rows : LabeledRows.values()) {
      if (wanted.isEmpty() || wanted.contains(rows.title())) {
        below |= compare(rows, Path.of(arguments[0]), Path.of(arguments[1]), seed);
      }
    }
    if (below) {
      System.exit(1);
    }
  }

  private static boolean compare(LabeledRows rows, Path shared, Path output, long seed)
      throws IOException {
    LabeledRows.Parts parts = rows.draw(shared, seed);
    double frozen = frozen(parts);
    print(rows, seed, "frozen", Double.NaN, frozen);
    Map<String, FineTuningMethod> methods = new LinkedHashMap<>();
    methods.put("full", FullFineTuning.create());
    methods.put("lora", Lora.rank(16));
    boolean below = false;
    for (Map.Entry<String, FineTuningMethod> method : methods.entrySet()) {
      FineTuneReport report =
          FineTuner.builder()
              .model(ModelSource.path(MiniLm.folder()))
              .task(Task.classification())
              .dataset(new Split(Datasets.of(parts.train()), Datasets.of(parts.held())))
              .method(method.getValue())
              .precision(Precision.FP32)
              .seed(seed)
              .saveLimit(0)
              .output(output.resolve(rows.title() + "-" + method.getKey() + "-" + seed))
              .overwriteOutput()
              .build()
              .run();
      double before = report.initialMetrics().get("accuracy");
      double after = report.lastMetrics().get("accuracy");
      print(rows, seed, method.getKey(), before, after);
      below |= after < frozen;
    }
    return below;
  }

  private static void print(
      LabeledRows rows, long seed, String method, double before, double after) {
    System.out.printf(
        Locale.ROOT,
        "%-10s seed %d %-6s accuracy %.4f%s%n",
        rows.title(),
        seed,
        method,
        after,
        Double.isNaN(before)
            ? ""
            : String.format(Locale.ROOT, ", before the first step %.4f", before));
  }

  private static double frozen(LabeledRows.Parts parts) throws IOException {
    try (TextEmbedder embedder =
        TextEmbedder.load(ModelSource.path(MiniLm.folder()), Precision.FP32)) {
      List<String> classes = parts.train().stream().map(LabeledRows::label).distinct().toList();
      LogisticRegression fitted =
          LogisticRegression.fit(
              embedder.embedAll(parts.train().stream().map(LabeledRows::text).toList()),
              parts.train().stream()
                  .mapToInt(row -> classes.indexOf(LabeledRows.label(row)))
                  .toArray(),
              classes.size());
      List<float[]> vectors =
          embedder.embedAll(parts.held().stream().map(LabeledRows::text).toList());
      int right = 0;
      for (int row = 0; row < vectors.size(); row++) {
        if (classes
            .get(fitted.classOf(vectors.get(row)))
            .equals(LabeledRows.label(parts.held().get(row)))) {
          right++;
        }
      }
      return (double) right / vectors.size();
    }
  }
}
