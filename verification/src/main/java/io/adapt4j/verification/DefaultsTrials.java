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
import java.util.function.Supplier;
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

  /** Metric compared before and after. */
  interface Measure {

    String name();

    boolean isMore();

    double after(FineTuneReport report);

    /** Returns the metric of the base model, if the run does not measure it. */
    default double before() {
      return Double.NaN;
    }

    default double initial(FineTuneReport report) {
      return Double.NaN;
    }

    /** Returns the difference up to which results are noise. */
    default double noise() {
      return 0;
    }

    /** Returns further text to print. */
    default String more(FineTuneReport report) {
      return "";
    }
  }

  /** A metric that the run measures, or the loss, by name. */
  private record OfRun(String name, boolean isMore) implements Measure {

    @Override
    public double initial(FineTuneReport report) {
      return name.equals("loss")
          ? report.initialValidationLoss().orElseThrow()
          : report.initialMetrics().get(name);
    }

    @Override
    public double after(FineTuneReport report) {
      return name.equals("loss")
          ? report.lastValidationLoss().orElseThrow()
          : report.lastMetrics().get(name);
    }
  }

  /** Preferences: the margin should grow without the chosen answers becoming unlikely. */
  private record Margin() implements Measure {

    private static final OfRun MARGIN = new OfRun("margin", true);

    @Override
    public String name() {
      return "margin";
    }

    @Override
    public boolean isMore() {
      return true;
    }

    @Override
    public double initial(FineTuneReport report) {
      return MARGIN.initial(report);
    }

    @Override
    public double after(FineTuneReport report) {
      return MARGIN.after(report);
    }

    @Override
    public String more(FineTuneReport report) {
      return String.format(
          Locale.ROOT,
          ", log-probability of the better answer %.1f -> %.1f",
          report.initialMetrics().get("logp_chosen"),
          report.lastMetrics().get("logp_chosen"));
    }
  }

  /** Next-token prediction: the losses on new text and on the original training text. */
  private record NewAndOld(Path base, List<String> old, String method) implements Measure {

    private static final OfRun LOSS = new OfRun("loss", false);

    @Override
    public String name() {
      return "loss";
    }

    @Override
    public boolean isMore() {
      return false;
    }

    @Override
    public double initial(FineTuneReport report) {
      return LOSS.initial(report);
    }

    @Override
    public double after(FineTuneReport report) {
      return LOSS.after(report);
    }

    @Override
    public String more(FineTuneReport report) {
      double before;
      double after;
      try (LanguageModel model = LanguageModel.load(ModelSource.path(base), Precision.FP32)) {
        before = lossOfOld(model);
      }
      try (LanguageModel model =
          method.equals("full")
              ? LanguageModel.load(ModelSource.path(report.last()), Precision.FP32)
              : LanguageModel.load(
                  ModelSource.path(base), Precision.FP32, Adapter.at(report.last()))) {
        after = lossOfOld(model);
      }
      return String.format(Locale.ROOT, ", old text %.4f -> %.4f", before, after);
    }

    private double lossOfOld(LanguageModel model) {
      double sum = 0;
      long tokens = 0;
      for (String text : old) {
        int cut = text.indexOf(' ', 12);
        sum -= model.score(text.substring(0, cut), text.substring(cut)).sum();
        tokens += text.length() - cut;
      }
      return sum / tokens;
    }
  }

  /** Rank correlation of cosines with human judgments of sentence pairs. */
  private static final class Sts implements Measure {

    private final Path base;
    private final List<String[]> rows;
    private final String method;

    private Sts(Path base, List<String[]> rows, String method) {
      this.base = base;
      this.rows = rows;
      this.method = method;
    }

    @Override
    public String name() {
      return "Spearman on STS-B";
    }

    @Override
    public boolean isMore() {
      return true;
    }

    @Override
    public double before() {
      try (TextEmbedder embedder = TextEmbedder.load(ModelSource.path(base), Precision.FP32)) {
        return spearman(embedder);
      }
    }

    @Override
    public double after(FineTuneReport report) {
      try (TextEmbedder embedder =
          method.equals("full")
              ? TextEmbedder.load(ModelSource.path(report.last()), Precision.FP32)
              : TextEmbedder.load(
                  ModelSource.path(base), Precision.FP32, Adapter.at(report.last()))) {
        return spearman(embedder);
      }
    }

    @Override
    public String more(FineTuneReport report) {
      return String.format(
          Locale.ROOT,
          ", mrr %.4f -> %.4f",
          report.initialMetrics().get("mrr"),
          report.lastMetrics().get("mrr"));
    }

    /** Returns half the standard error of the correlation for this number of pairs. */
    @Override
    public double noise() {
      return 0.005;
    }

    private double spearman(TextEmbedder embedder) {
      List<float[]> first = embedder.embedAll(rows.stream().map(row -> row[5]).toList());
      List<float[]> second = embedder.embedAll(rows.stream().map(row -> row[6]).toList());
      Metric<Double, Double, Double> correlation = Metrics.spearman();
      for (int i = 0; i < rows.size(); i++) {
        double cosine = 0;
        for (int d = 0; d < first.get(i).length; d++) {
          cosine += (double) first.get(i)[d] * second.get(i)[d];
        }
        correlation.add(cosine, Double.parseDouble(rows.get(i)[4]));
      }
      return correlation.result();
    }
  }

  /** Returns the trials whose task is among the names, or all. */
  static List<Trial> all(Path shared, List<String> only) throws IOException {
    List<Trial> trials = new ArrayList<>();
    if (wanted(only, "next-tokens")) {
      nextTokens(shared, trials);
    }
    if (wanted(only, "classification")) {
      classification(shared, trials);
    }
    if (wanted(only, "many-classes")) {
      classification("many-classes", BankingRows.split(shared), 64, trials);
    }
    if (wanted(only, "embeddings")) {
      embeddings(shared, trials);
    }
    if (wanted(only, "preference")) {
      preference(shared, trials);
    }
    if (wanted(only, "reward")) {
      reward(shared, trials);
    }
    if (wanted(only, "reinforcement")) {
      reinforcement(trials);
    }
    return trials;
  }

  private static boolean wanted(List<String> only, String task) {
    return only.isEmpty() || only.contains(task);
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
    List<Example> some = new ArrayList<>();
    for (int row = 0; row < PASSAGES; row++) {
      some.add(passages.get(row));
    }
    Dataset heldOld = Datasets.jsonl(EXAMPLES.resolve("data/tinystories/heldout.jsonl"));
    List<String> old = new ArrayList<>();
    for (int row = 0; row < heldOld.size(); row++) {
      old.add(((Example.Text) heldOld.get(row)).text());
    }
    Split data = Datasets.of(some).split(0.9, 0.1, 0, SEED);
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
                      new NewAndOld(model, old, name),
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
                        new OfRun("accuracy", true),
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
                        new Sts(encoder, judged, name),
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
                              new Margin(),
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
                        new OfRun("loss", false),
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
              new OfRun("reward", true),
              SEED));
    }
  }
}
