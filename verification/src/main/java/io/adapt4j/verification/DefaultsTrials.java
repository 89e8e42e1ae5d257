package io.adapt4j.verification;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

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
