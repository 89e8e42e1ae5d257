import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Shape;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.optim.Lbfgs;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.task.PreferenceTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.eval.metric.Metric;
import io.adapt4j.eval.metric.Metrics;
import io.adapt4j.examples.StoryRewards;
import io.adapt4j.lora.Ia3;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import io.adapt4j.rag.embed.MiniLm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Trains each task by each method with the defaults on small real models and data, and prints
 * metrics on held-out rows before and after: the defaults must not make a model worse. {@code
 * --compare} also trains each at 2e-4, the former default.
 *
 * <p>{@code java @verification/target/java.args verification/studies/DefaultsCheck.java SHARED_DATA
 * OUTPUT_FOLDER [--compare] [TASK ...]}, from the root of the repository. Exits with 1 if a model
 * got worse with its defaults, with 2 on wrong usage. With {@code classifiers} as its first
 * argument it compares classifiers instead, as {@link ClassifierDefaults} describes.
 */
public final class DefaultsCheck {

  private static final double FORMER_DEFAULT = 2e-4;

  private DefaultsCheck() {}

  /**
   * Runs the check.
   *
   * @param arguments folder of the data, folder to write to, options and names of tasks
   * @throws IOException if the encoder or data cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length > 0 && arguments[0].equals("classifiers")) {
      ClassifierDefaults.main(Arrays.copyOfRange(arguments, 1, arguments.length));
      return;
    }
    if (arguments.length < 2) {
      System.err.println("Usage: DefaultsCheck SHARED_DATA OUTPUT_FOLDER [--compare] [TASK ...]");
      System.exit(2);
    }
    List<String> rest = Arrays.asList(arguments).subList(2, arguments.length);
    List<String> only = rest.stream().filter(text -> !text.startsWith("--")).toList();
    Path output = Path.of(arguments[1]);
    boolean worse = false;
    for (DefaultsTrials.Trial trial : DefaultsTrials.all(Path.of(arguments[0]), only)) {
      worse |= run(trial, trial.builder().get(), output) < -trial.measure().noise();
      if (rest.contains("--compare")) {
        run(trial, trial.builder().get().learningRate(FORMER_DEFAULT), output);
      }
    }
    if (worse) {
      System.exit(1);
    }
  }

  /** Trains, prints, and returns how much better the model got; negative if it got worse. */
  private static double run(DefaultsTrials.Trial trial, FineTuner.Builder builder, Path output) {
    double before = trial.measure().before().getAsDouble();
    FineTuneReport report =
        builder
            .seed(trial.seed())
            .saveLimit(0)
            .output(output.resolve(trial.name().replace(' ', '-')))
            .overwriteOutput()
            .build()
            .run();
    double after = trial.measure().after().applyAsDouble(report);
    if (Double.isNaN(before)) {
      before = trial.measure().initial().applyAsDouble(report);
    }
    double gain = trial.measure().isMore() ? after - before : before - after;
    System.out.printf(
        Locale.ROOT,
        "%-28s %s, %d steps: %s %.4f -> %.4f%s (%s)%n",
        trial.name(),
        options(report.plan()),
        report.steps(),
        trial.measure().name(),
        before,
        after,
        trial.measure().more().apply(report),
        worded(gain, trial.measure().noise()));
    return gain;
  }

  private static String worded(double gain, double noise) {
    if (Math.abs(gain) <= noise) {
      return "as good";
    }
    return String.format(
        Locale.ROOT, gain < 0 ? "worse by %.4f" : "better by %.4f", Math.abs(gain));
  }

  private static String options(FineTunePlan plan) {
    return plan.options().stream()
        .map(
            option ->
                option.name() + " " + option.value() + (option.isDefault() ? "" : " (stated)"))
        .collect(Collectors.joining(", "));
  }
}

/** Trainings of {@link DefaultsCheck}. */
final class DefaultsTrials {

  private static final long SEED = 42;
  private static final Path STORIES_260K = Path.of("examples/models/stories260K");
  private static final Path EXAMPLES = Path.of("examples");
  private static final int PASSAGES = 300;
  private static final int REVIEWS = 600;
  private static final int HELD_REVIEWS = 300;
  private static final int PAIRS = 200;
  private static final int LONGEST_PAIR = 128;

  /** Fraction of the judged pairs that is used: one in three. */
  private static final int EACH_OF_JUDGED = 3;

  private DefaultsTrials() {}

  /** A run with the defaults. */
  record Trial(String name, Supplier<FineTuner.Builder> builder, Measure measure, long seed) {}

  /**
   * Metric compared before and after.
   *
   * @param before the metric of the base model; NaN if only the run measures it
   * @param noise difference up to which results are noise
   * @param more further text to print
   */
  record Measure(
      String name,
      boolean isMore,
      DoubleSupplier before,
      ToDoubleFunction<FineTuneReport> initial,
      ToDoubleFunction<FineTuneReport> after,
      double noise,
      Function<FineTuneReport, String> more) {

    /** Returns a metric that the run measures, or the loss, by name. */
    static Measure ofRun(String name, boolean isMore) {
      return name.equals("loss")
          ? ofRun(
              name,
              isMore,
              report -> report.initialValidationLoss().orElseThrow(),
              report -> report.lastValidationLoss().orElseThrow())
          : ofRun(
              name,
              isMore,
              report -> report.initialMetrics().get(name),
              report -> report.lastMetrics().get(name));
    }

    private static Measure ofRun(
        String name,
        boolean isMore,
        ToDoubleFunction<FineTuneReport> initial,
        ToDoubleFunction<FineTuneReport> after) {
      return new Measure(name, isMore, () -> Double.NaN, initial, after, 0, report -> "");
    }

    Measure with(Function<FineTuneReport, String> text) {
      return new Measure(name, isMore, before, initial, after, noise, text);
    }
  }

  /** Writes two metrics of a run, before and after. */
  private static Function<FineTuneReport, String> both(String format, String metric) {
    return report ->
        String.format(
            Locale.ROOT,
            format,
            report.initialMetrics().get(metric),
            report.lastMetrics().get(metric));
  }

  /** Returns the tuned model's folder and adapters. */
  private static ModelSource tuned(Path base, FineTuneReport report, String method) {
    return ModelSource.path(method.equals("full") ? report.last() : base);
  }

  private static Adapter[] adapters(FineTuneReport report, String method) {
    return method.equals("full") ? new Adapter[0] : new Adapter[] {Adapter.at(report.last())};
  }

  /** Next-token prediction: the losses on new text and on the original training text. */
  private static Measure newAndOld(Path base, List<String> old, String method) {
    return Measure.ofRun("loss", false)
        .with(
            report ->
                String.format(
                    Locale.ROOT,
                    ", old text %.4f -> %.4f",
                    loss(ModelSource.path(base), old),
                    loss(tuned(base, report, method), old, adapters(report, method))));
  }

  private static double loss(ModelSource source, List<String> texts, Adapter... adapters) {
    double sum = 0;
    long tokens = 0;
    try (LanguageModel model = LanguageModel.load(source, Precision.FP32, adapters)) {
      for (String text : texts) {
        int cut = text.indexOf(' ', 12);
        sum -= model.score(text.substring(0, cut), text.substring(cut)).sum();
        tokens += text.length() - cut;
      }
    }
    return sum / tokens;
  }

  /**
   * Rank correlation of cosines with human judgments of sentence pairs; its noise is half the
   * standard error for this number of pairs.
   */
  private static Measure sts(Path base, List<String[]> rows, String method) {
    return new Measure(
        "Spearman on STS-B",
        true,
        () -> spearman(ModelSource.path(base), rows),
        report -> Double.NaN,
        report -> spearman(tuned(base, report, method), rows, adapters(report, method)),
        0.005,
        both(", mrr %.4f -> %.4f", "mrr"));
  }

  private static double spearman(ModelSource source, List<String[]> rows, Adapter... adapters) {
    Metric<Double, Double, Double> correlation = Metrics.spearman();
    try (TextEmbedder embedder = TextEmbedder.load(source, Precision.FP32, adapters)) {
      List<float[]> first = embedder.embedAll(rows.stream().map(row -> row[5]).toList());
      List<float[]> second = embedder.embedAll(rows.stream().map(row -> row[6]).toList());
      for (int i = 0; i < rows.size(); i++) {
        double cosine = 0;
        for (int d = 0; d < first.get(i).length; d++) {
          cosine += (double) first.get(i)[d] * second.get(i)[d];
        }
        correlation.add(cosine, Double.parseDouble(rows.get(i)[4]));
      }
    }
    return correlation.result();
  }

  /** Returns the trials whose task is among the names, or all. */
  static List<Trial> all(Path shared, List<String> only) throws IOException {
    List<Trial> trials = new ArrayList<>();
    Map<String, Source> sources = new LinkedHashMap<>();
    sources.put("next-tokens", () -> nextTokens(shared, trials));
    sources.put("classification", () -> classification(shared, trials));
    sources.put("many-classes", () -> manyClasses(shared, trials));
    sources.put("embeddings", () -> embeddings(shared, trials));
    sources.put("preference", () -> preference(shared, trials));
    sources.put("reward", () -> reward(shared, trials));
    sources.put("reinforcement", () -> reinforcement(trials));
    for (Map.Entry<String, Source> source : sources.entrySet()) {
      if (only.isEmpty() || only.contains(source.getKey())) {
        source.getValue().add();
      }
    }
    return trials;
  }

  /** Adds the trials of a task. */
  private interface Source {
    void add() throws IOException;
  }

  private static Map<String, FineTuningMethod> methods() {
    Map<String, FineTuningMethod> methods = new LinkedHashMap<>();
    methods.put("full", FullFineTuning.create());
    methods.put("lora", Lora.rank(16));
    methods.put("ia3", Ia3.create());
    return methods;
  }

  private static FineTuner.Builder on(Path model, Task task, Split data, FineTuningMethod method) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .task(task)
        .dataset(data)
        .method(method)
        .precision(Precision.FP32);
  }

  private static void nextTokens(Path shared, List<Trial> trials) {
    Dataset passages = Datasets.jsonl(EXAMPLES.resolve("data/shakespeare/passages.jsonl"));
    Dataset heldOld = Datasets.jsonl(EXAMPLES.resolve("data/tinystories/heldout.jsonl"));
    List<String> old = new ArrayList<>();
    for (int row = 0; row < heldOld.size(); row++) {
      old.add(((Example.Text) heldOld.get(row)).text());
    }
    Split data = passages.take(PASSAGES).split(0.9, 0.1, 0, SEED);
    Map<String, FineTuningMethod> methods = methods();
    methods.put("dora", Lora.rank(16).dora());
    methods.put("qlora", QLora.nf4().rank(16));
    for (Path model : List.of(STORIES_260K, shared.resolve("stories3M"))) {
      methods.forEach(
          (name, method) ->
              trials.add(
                  new Trial(
                      "next-tokens " + model.getFileName() + " " + name,
                      () -> on(model, Task.nextTokens(), data, method).maxLength(128),
                      newAndOld(model, old, name),
                      SEED)));
    }
  }

  private static void classification(Path shared, List<Trial> trials) throws IOException {
    Split data =
        new Split(
            reviews(shared.resolve("sst2/train_10k.tsv"), REVIEWS),
            reviews(shared.resolve("sst2/dev_2k.tsv"), HELD_REVIEWS),
            Datasets.of(List.of(new Example.Classified("unused", "0"))));
    classification("classification", data, 48, trials);
  }

  /** A new classifier of 77 classes, with 26 training rows and 9 others of each. */
  private static void manyClasses(Path shared, List<Trial> trials) throws IOException {
    List<Example.Classified> rest = new ArrayList<>();
    List<Example.Classified> train = LabeledRows.take(LabeledRows.BANKING77.rows(shared), 26, rest);
    Dataset held = Datasets.of(LabeledRows.take(rest, 9, new ArrayList<>()));
    classification("many-classes", new Split(Datasets.of(train), held, held.take(0)), 64, trials);
  }

  private static void classification(String task, Split data, int maxLength, List<Trial> trials)
      throws IOException {
    Path encoder = MiniLm.folder();
    methods()
        .forEach(
            (name, method) ->
                trials.add(
                    new Trial(
                        task + " " + name,
                        () -> on(encoder, Task.classification(), data, method).maxLength(maxLength),
                        Measure.ofRun("accuracy", true),
                        SEED)));
  }

  private static Dataset reviews(Path file, int count) throws IOException {
    return Datasets.of(
        Files.readAllLines(file).stream()
            .skip(1)
            .limit(count)
            .map(line -> line.split("\t", -1))
            .<Example>map(row -> new Example.Classified(row[0].strip(), row[1].strip()))
            .toList());
  }

  private static void embeddings(Path shared, List<Trial> trials) throws IOException {
    Path encoder = MiniLm.folder();
    List<Example> alike =
        rows(shared.resolve("stsb/sts-train.csv")).stream()
            .filter(row -> Double.parseDouble(row[4]) >= 4)
            .<Example>map(row -> new Example.QueryPassage(row[5], row[6]))
            .toList();
    List<String[]> all = rows(shared.resolve("stsb/sts-dev.csv"));
    List<String[]> judged = new ArrayList<>();
    for (int row = 0; row < all.size(); row += EACH_OF_JUDGED) {
      judged.add(all.get(row));
    }
    Split data = Datasets.of(alike).split(0.9, 0.1, 0, SEED);
    methods()
        .forEach(
            (name, method) ->
                trials.add(
                    new Trial(
                        "embeddings " + name,
                        () -> on(encoder, Task.embeddings(), data, method).maxLength(64),
                        sts(encoder, judged, name),
                        SEED)));
  }

  private static List<String[]> rows(Path file) throws IOException {
    return Files.readAllLines(file).stream().map(line -> line.split("\t", -1)).toList();
  }

  private static void preference(Path shared, List<Trial> trials) {
    Path model = shared.resolve("stories3M");
    Split data = preferences(shared);
    Map<String, PreferenceLoss> losses = new LinkedHashMap<>();
    losses.put("dpo", PreferenceLoss.dpo(0.1));
    losses.put("orpo", PreferenceLoss.orpo(0.1));
    losses.forEach(
        (loss, value) ->
            methods()
                .forEach(
                    (name, method) -> {
                      PreferenceTask task = Task.preference(value);
                      Task whole =
                          name.equals("full") ? task.reference(Reference.precomputed()) : task;
                      trials.add(
                          new Trial(
                              "preference " + loss + " " + name,
                              () -> on(model, whole, data, method).maxLength(LONGEST_PAIR),
                              // The margin should grow without the chosen answers becoming
                              // unlikely.
                              Measure.ofRun("margin", true)
                                  .with(
                                      both(
                                          ", log-probability of the better answer %.1f -> %.1f",
                                          "logp_chosen")),
                              SEED));
                    }));
  }

  private static Split preferences(Path shared) {
    Dataset all = Datasets.read(shared.resolve("preference_demo/dpo_en_demo.json")).open();
    List<Example> some = new ArrayList<>();
    for (int row = 0; row < Math.min(PAIRS, all.size()); row++) {
      Example.ChatPreference chat = (Example.ChatPreference) all.get(row);
      some.add(
          new Example.Preference(
              text(chat.prompt()) + "\n", text(chat.chosen()), text(chat.rejected())));
    }
    return Datasets.of(some).split(0.8, 0.2, 0, SEED);
  }

  /** Returns the text of messages without roles, as the models have no chat template. */
  private static String text(List<ChatMessage> messages) {
    return messages.stream()
        .map(message -> String.valueOf(message.content()))
        .collect(Collectors.joining("\n"));
  }

  private static void reward(Path shared, List<Trial> trials) {
    Path model = shared.resolve("stories3M");
    Split data = preferences(shared);
    methods()
        .forEach(
            (name, method) ->
                trials.add(
                    new Trial(
                        "reward " + name,
                        () -> on(model, Task.reward(), data, method).maxLength(LONGEST_PAIR),
                        Measure.ofRun("loss", false),
                        SEED)));
  }

  private static void reinforcement(List<Trial> trials) throws IOException {
    Path prompts = Files.createTempDirectory("adapt4j-defaults");
    Split data = StoryRewards.prompts(prompts);
    Grpo grpo =
        Grpo.builder()
            .reward("words", StoryRewards::words)
            .reward("ending", 0.5, StoryRewards.ending())
            .promptsPerRollout(8)
            .groupSize(8)
            .maxNewTokens(64)
            .build();
    for (String name : Arrays.asList("full", "lora", "ia3")) {
      trials.add(
          new Trial(
              "reinforcement " + name,
              () -> on(STORIES_260K, Task.reinforcement(grpo), data, methods().get(name)),
              Measure.ofRun("reward", true),
              SEED));
    }
  }
}

/**
 * Accuracy of classifiers fine-tuned from all-MiniLM-L6-v2 with the defaults, in full and with
 * LoRA, compared with a logistic regression on its frozen sentence vectors: on BANKING77, AG News,
 * CLINC150 and SST-2, with different rows for every seed.
 *
 * <p>{@code classifiers SHARED_DATA OUTPUT_FOLDER SEED [DATA_SET ...]}. Exits with 1 if a tuned
 * classifier is below the frozen one, with 2 on wrong usage.
 */
final class ClassifierDefaults {

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
      System.err.println(
          "Usage: DefaultsCheck classifiers SHARED_DATA OUTPUT_FOLDER SEED [DATA_SET ...]");
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

/**
 * Multinomial logistic regression with an L2 penalty of 1/2 on the summed loss, the bias free: the
 * objective of scikit-learn's {@code LogisticRegression} with its default {@code C = 1}.
 */
final class LogisticRegression {

  private static final int ITERATIONS = 300;
  private static final int HISTORY = 10;

  private final double[] weights;
  private final int classes;

  private LogisticRegression(double[] weights, int classes) {
    this.weights = weights;
    this.classes = classes;
  }

  /** Fits weights [classes, width + 1], the bias last, to vectors of one width. */
  static LogisticRegression fit(List<float[]> vectors, int[] labels, int classes) {
    int columns = vectors.get(0).length + 1;
    double[] found =
        Lbfgs.minimize(
            (point, gradient) -> {
              double value = penalty(point, gradient, columns, vectors.size());
              for (int row = 0; row < labels.length; row++) {
                float[] vector = vectors.get(row);
                double[] scores = scores(point, vector, classes);
                value += slopes(scores, labels[row]) / labels.length;
                for (int c = 0; c < classes; c++) {
                  double slope = scores[c] / labels.length;
                  for (int i = 0; i < vector.length; i++) {
                    gradient[c * columns + i] += slope * vector[i];
                  }
                  gradient[c * columns + vector.length] += slope;
                }
              }
              return value;
            },
            new double[classes * columns],
            ITERATIONS,
            HISTORY);
    return new LogisticRegression(found, classes);
  }

  /** Returns the most probable class of a vector. */
  int classOf(float[] vector) {
    double[] scores = scores(weights, vector, classes);
    int best = 0;
    for (int c = 1; c < classes; c++) {
      if (scores[c] > scores[best]) {
        best = c;
      }
    }
    return best;
  }

  private static double penalty(double[] point, double[] gradient, int columns, int rows) {
    double value = 0;
    for (int i = 0; i < point.length; i++) {
      boolean bias = i % columns == columns - 1;
      gradient[i] = bias ? 0 : point[i] / rows;
      value += gradient[i] * point[i] / 2;
    }
    return value;
  }

  private static double[] scores(double[] weights, float[] vector, int classes) {
    double[] scores = new double[classes];
    int columns = vector.length + 1;
    for (int c = 0; c < classes; c++) {
      double sum = weights[c * columns + vector.length];
      for (int i = 0; i < vector.length; i++) {
        sum += weights[c * columns + i] * vector[i];
      }
      scores[c] = sum;
    }
    return scores;
  }

  /**
   * Converts scores to gradients (probabilities minus the one-hot label); returns the cross
   * entropy.
   */
  private static double slopes(double[] scores, int label) {
    double highest = Double.NEGATIVE_INFINITY;
    for (double score : scores) {
      highest = Math.max(highest, score);
    }
    double sum = 0;
    for (double score : scores) {
      sum += Math.exp(score - highest);
    }
    double wanted = scores[label];
    for (int c = 0; c < scores.length; c++) {
      scores[c] = Math.exp(scores[c] - highest) / sum;
    }
    scores[label] -= 1;
    return Math.log(sum) + highest - wanted;
  }
}

/** Classification data sets, from which rows are sampled per class. */
enum LabeledRows {
  BANKING77("banking77/train.csv", "banking77/train.csv", "text", "category", 26, 20),
  AG_NEWS("agnews/train_4k.jsonl", "agnews/dev_1k.jsonl", "text", "label", 500, 250),
  CLINC150("clinc150/train.jsonl", "clinc150/val.jsonl", "text", "intent", 14, 10),
  SST2("sst2/train_10k.tsv", "sst2/dev_2k.tsv", "sentence", "label", 1000, 500);

  /** The class of CLINC150 for everything outside its 150 intents. */
  private static final String OUT_OF_SCOPE = "oos";

  private final String trainFile;
  private final String heldFile;
  private final String textColumn;
  private final String labelColumn;
  private final int trainRows;
  private final int heldRows;

  LabeledRows(
      String trainFile,
      String heldFile,
      String textColumn,
      String labelColumn,
      int trainRows,
      int heldRows) {
    this.trainFile = trainFile;
    this.heldFile = heldFile;
    this.textColumn = textColumn;
    this.labelColumn = labelColumn;
    this.trainRows = trainRows;
    this.heldRows = heldRows;
  }

  /** Disjoint training and held-out rows. */
  record Parts(List<Example.Classified> train, List<Example.Classified> held) {}

  /** Returns the name on the command line. */
  String title() {
    return name().toLowerCase(Locale.ROOT).replace("_", "");
  }

  /** Samples rows by a seed, with up to the data set's number per class. */
  Parts draw(Path shared, long seed) {
    List<Example.Classified> rows = shuffled(shared.resolve(trainFile), seed);
    List<Example.Classified> held = new ArrayList<>();
    List<Example.Classified> train = take(rows, trainRows, held);
    if (!heldFile.equals(trainFile)) {
      held = shuffled(shared.resolve(heldFile), seed);
    }
    return new Parts(train, take(held, heldRows, new ArrayList<>()));
  }

  /** Returns the training file's rows in their order. */
  List<Example.Classified> rows(Path shared) {
    return read(shared.resolve(trainFile));
  }

  private List<Example.Classified> shuffled(Path file, long seed) {
    List<Example.Classified> all = read(file);
    Collections.shuffle(all, new Random(seed));
    return all;
  }

  private List<Example.Classified> read(Path file) {
    Dataset rows =
        Datasets.read(file)
            .shape(Shape.CLASSIFICATION)
            .map(textColumn, "text")
            .map(labelColumn, "label")
            .open();
    List<Example.Classified> all = new ArrayList<>();
    for (int row = 0; row < rows.size(); row++) {
      Example.Classified example = (Example.Classified) rows.get(row);
      if (!label(example).equals(OUT_OF_SCOPE)) {
        all.add(example);
      }
    }
    return all;
  }

  static List<Example.Classified> take(
      List<Example.Classified> rows, int ofEach, List<Example.Classified> rest) {
    List<Example.Classified> taken = new ArrayList<>();
    Map<String, Integer> seen = new HashMap<>();
    for (Example.Classified row : rows) {
      boolean wanted = seen.merge(label(row), 1, Integer::sum) <= ofEach;
      (wanted ? taken : rest).add(row);
    }
    return taken;
  }

  static String text(Example.Classified row) {
    return row.text();
  }

  static String label(Example.Classified row) {
    return row.labels().get(0);
  }
}
