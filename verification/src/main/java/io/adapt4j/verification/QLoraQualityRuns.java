package io.adapt4j.verification;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Shape;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import io.adapt4j.qlora.Quantization;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Losses of a model with weights in several formats, and trainings with several methods on one
 * task.
 */
record QLoraQualityRuns(ModelSource base, Path news, Path output, int rows, int epochs) {

  static final String FULL = "full fine-tuning";
  static final String QLORA = "QLoRA, NF4, r=16";

  private static final int CHARACTERS = 1000;
  private static final int MAX_LENGTH = 128;
  private static final int BATCH = 16;
  private static final double FULL_RATE = 5e-4;
  private static final double ADAPTER_RATE = 2e-3;

  /** A mean over tokens. */
  record Loss(double nats) {

    double perplexity() {
      return Math.exp(nats);
    }
  }

  /** Result of a training. */
  record Trained(String name, long values, double accuracy, double loss, double seconds) {}

  /** Returns the weight formats, starting with unquantized weights. */
  static Map<String, WeightFormat> formats() {
    Map<String, WeightFormat> formats = new LinkedHashMap<>();
    formats.put("fp32", WeightFormat.asStored());
    formats.put("8 bits", Quantization.int8());
    formats.put("NF4", Quantization.nf4().doubleQuant(false));
    formats.put("NF4, double quantization", Quantization.nf4());
    formats.put("FP4", Quantization.fp4().doubleQuant(false));
    formats.put("FP4, double quantization", Quantization.fp4());
    return formats;
  }

  /** Returns the weight formats that decoding multiplies differently from prompts. */
  static Map<String, WeightFormat> stepFormats() {
    Map<String, WeightFormat> formats = new LinkedHashMap<>();
    formats.put("fp32", WeightFormat.asStored());
    formats.put("8 bits", Quantization.int8());
    formats.put("8 bits, the output layer too", Quantization.int8().outputLayer(true));
    return formats;
  }

  /** Returns the loss of a model on the beginnings of stories, computed in fp32. */
  static Loss loss(Path model, WeightFormat format, Path stories, int count) {
    List<TokenScores> scores = scores(model, format, stories, count);
    double sum = scores.stream().mapToDouble(TokenScores::sum).sum();
    return new Loss(-sum / scores.stream().mapToInt(score -> score.tokenIds().size()).sum());
  }

  /** Returns the tokens of the beginnings of stories. */
  static List<List<Integer>> tokens(Path model, Path stories, int count) {
    return scores(model, WeightFormat.asStored(), stories, count).stream()
        .map(TokenScores::tokenIds)
        .toList();
  }

  private static List<TokenScores> scores(
      Path model, WeightFormat format, Path stories, int count) {
    Dataset data = Datasets.jsonl(stories);
    List<ScoringRequest> requests =
        IntStream.range(0, Math.min(count, data.size()))
            .mapToObj(row -> ((Example.Text) data.get(row)).text())
            .map(text -> text.substring(0, Math.min(CHARACTERS, text.length())))
            .map(text -> new ScoringRequest("", text))
            .toList();
    try (LanguageModel loaded =
        LanguageModel.load(ModelSource.path(model), format, Precision.FP32)) {
      return loaded.scoreAll(requests);
    }
  }

  String setting() {
    return rows + " rows, " + epochs + " epochs, 1000 held-out rows";
  }

  /** Trains with every method and reports each when done; the first is the untrained base. */
  List<Trained> all(Consumer<Trained> listener) {
    Map<String, FineTuningMethod> methods = new LinkedHashMap<>();
    methods.put("classifier alone", FullFineTuning.create().trainOnly("score"));
    methods.put(FULL, FullFineTuning.create());
    methods.put(QLORA, QLora.nf4().rank(16));
    methods.put("LoRA, r=16", Lora.rank(16));
    methods.put("QLoRA, FP4, r=16", QLora.fp4().rank(16));
    List<Trained> all = new ArrayList<>();
    for (Map.Entry<String, FineTuningMethod> entry : methods.entrySet()) {
      double rate = entry.getKey().equals(FULL) ? FULL_RATE : ADAPTER_RATE;
      all.add(train(entry.getKey(), entry.getValue(), rate));
      listener.accept(all.get(all.size() - 1));
    }
    return all;
  }

  private Trained train(String name, FineTuningMethod method, double rate) {
    Dataset train = labeled("train_4k.jsonl").take(rows);
    Dataset held = labeled("dev_1k.jsonl");
    FineTuneReport report =
        FineTuner.builder()
            .model(base)
            .task(Task.classification())
            .dataset(new Split(train, held, held.take(0)))
            .method(method)
            .precision(Precision.FP32)
            .epochs(epochs)
            .batchSize(BATCH)
            .maxLength(MAX_LENGTH)
            .learningRate(rate)
            .schedule(LearningRateSchedule.LINEAR)
            .warmupRatio(0.1)
            .evaluateEvery(Interval.EPOCH)
            .keepBest()
            .metricForBestModel("accuracy")
            .saveLimit(0)
            .output(output.resolve(name.replaceAll("[^A-Za-z0-9.]+", "-")))
            .overwriteOutput()
            .build()
            .run();
    return new Trained(
        name,
        report.plan().trainableParameters(),
        report.bestMetrics().get("accuracy"),
        report.bestValidationLoss().orElseThrow(),
        report.elapsed().toMillis() / 1e3);
  }

  private Dataset labeled(String file) {
    return Datasets.read(news.resolve(file)).shape(Shape.CLASSIFICATION).open();
  }
}
