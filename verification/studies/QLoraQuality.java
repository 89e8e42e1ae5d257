import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Shape;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import io.adapt4j.qlora.Quantization;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Measures the quality loss of quantized weights. Prints the perplexity of real models on held-out
 * stories with weights unquantized, in 8 bits, NF4 and FP4, with and without double quantization;
 * the effect of 8 bits on token-by-token decoding; and the accuracy of a small model trained to
 * classify news topics in full, with LoRA and with QLoRA.
 *
 * <p>{@code java @verification/target/java.args verification/studies/QLoraQuality.java [SHARED_DATA
 * [ROWS [EPOCHS]]]}: run it from the root of the repository. The folder contains {@code stories3M}
 * and {@code agnews}; without it, only the perplexity of the examples' model is measured. Rows and
 * epochs (default 4000 and 4) apply to the training.
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
      QLoraQualityRuns.Loss loss =
          QLoraQualityRuns.loss(model, format.getValue(), stories, STORIES);
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

  /** Measures the loss by 8-bit activations with NF4 and FP4 weights and GGUF files. */
  private static void roundedActivations(List<List<Integer>> texts, Path model) {
    System.out.println("| weights | activations | perplexity | increase | same likeliest token |");
    System.out.println("| --- | --- | --- | --- | --- |");
    rounded("NF4", model, Quantization.nf4(), texts);
    rounded("FP4", model, Quantization.fp4(), texts);
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
    List<QLoraQualityRuns.Trained> all = runs.all(QLoraQuality::print);
    double full = accuracy(all, QLoraQualityRuns.FULL);
    double qlora = accuracy(all, QLoraQualityRuns.QLORA);
    System.out.printf(
        Locale.ROOT,
        "QLoRA's accuracy is %.4f of full fine-tuning's (target: at least 0.99) %s%n",
        qlora / full,
        qlora / full >= 0.99 ? "REACHED" : "MISSED");
  }

  private static void print(QLoraQualityRuns.Trained trained) {
    System.out.printf(
        Locale.ROOT,
        "| %s | %,d | %.2f %% | %.4f | %.0f |%n",
        trained.name(),
        trained.values(),
        100 * trained.accuracy(),
        trained.loss(),
        trained.seconds());
  }

  private static double accuracy(List<QLoraQualityRuns.Trained> all, String name) {
    return all.stream()
        .filter(trained -> trained.name().equals(name))
        .mapToDouble(QLoraQualityRuns.Trained::accuracy)
        .findFirst()
        .orElseThrow();
  }
}

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

/**
 * Predictions of a model that decodes texts token by token, including any rounding of activations.
 * Computed in fp32.
 */
final class QuantizedSteps {

  /** The BOS token. */
  private static final int BEGINNING = 1;

  private final double nats;
  private final int[] likeliest;

  private QuantizedSteps(double nats, int[] likeliest) {
    this.nats = nats;
    this.likeliest = likeliest;
  }

  /** Decodes texts with weights in a format. Needs the kernels in C++. */
  static QuantizedSteps of(Path model, WeightFormat format, List<List<Integer>> texts) {
    int[] likeliest = new int[texts.stream().mapToInt(List::size).sum()];
    double sum = 0;
    int count = 0;
    try (Decoder decoder = load(model, format)) {
      float[] logits = new float[Math.toIntExact(decoder.head().weight().sizes()[0])];
      for (List<Integer> text : texts) {
        try (KvCache cache = decoder.newCache(1, text.size());
            DecoderSteps steps = StepKernels.prepared(decoder, cache, 1).orElseThrow()) {
          int id = BEGINNING;
          for (int next : text) {
            int place = Math.toIntExact(cache.length());
            likeliest[count++] =
                steps.run(List.of(new DecoderSteps.Token(id, 0, place, 0, true)))[0];
            cache.advance(1);
            steps.logits(0, logits, 0);
            sum -= logProbability(logits, next);
            id = next;
          }
        }
      }
    }
    return new QuantizedSteps(sum / count, likeliest);
  }

  private static Decoder load(Path model, WeightFormat format) {
    StoredModel stored = StoredModel.read(model, format);
    Decoder decoder = Architectures.declareDecoder(stored.config());
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      stored.weights().install(decoder, checkpoint);
      Weights.check(decoder, checkpoint);
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
    }
    return decoder;
  }

  private static double logProbability(float[] logits, int token) {
    double most = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      most = Math.max(most, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - most);
    }
    return logits[token] - most - Math.log(sum);
  }

  double perplexity() {
    return Math.exp(nats);
  }

  /** Returns the fraction of positions where another model has the same most likely token. */
  double agreement(QuantizedSteps other) {
    long same = 0;
    for (int i = 0; i < likeliest.length; i++) {
      same += likeliest[i] == other.likeliest[i] ? 1 : 0;
    }
    return (double) same / likeliest.length;
  }
}
