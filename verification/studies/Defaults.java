import io.adapt4j.core.TextReranker;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Shape;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.Targets;
import io.adapt4j.rag.embed.MiniLm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Compares the defaults of each task with candidates that differ in one option, on several data
 * sets. Seeds draw the training rows, their order and initial values; held-out rows stay the same.
 * Prints the default's measure, and each candidate's difference to it with its 95 % interval over
 * seeds, for each data set and over all (seeds of all sets); above 0 is better.
 *
 * <p>{@code java @verification/target/java.args verification/studies/Defaults.java SHARED_DATA
 * OUTPUT_FOLDER [task=REGEX] [data=REGEX] [only=REGEX] [test] [plan]}: run it from the root of the
 * repository; {@code only} selects candidates. Candidates are chosen on validation rows; {@code
 * test} measures those chosen on other held-out rows, with other seeds. {@code plan} only checks
 * each run's options and rows.
 */
public final class Defaults {

  /** Quantiles of Student's t distribution at 97.5 % for 1, 2, ... degrees of freedom. */
  private static final double[] T = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306};

  private static final int SEEDS = 3;

  private Defaults() {}

  /**
   * Runs the comparison.
   *
   * @param args folder of the data, folder to write to, and the options above
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] args) throws IOException {
    List<String> options = Arrays.asList(args).subList(2, args.length);
    Path output = Path.of(args[1]);
    for (DefaultsTask task : new DefaultsTasks(Path.of(args[0]), options.contains("test")).all()) {
      if (!task.name().matches(value(options, "task"))) {
        continue;
      }
      List<Candidate> candidates =
          task.candidates().stream()
              .filter(
                  candidate ->
                      candidate == task.candidates().get(0)
                          || candidate.name().matches(value(options, "only")))
              .toList();
      Map<String, List<double[]>> results = new LinkedHashMap<>();
      List<DefaultsData> data =
          task.data().stream().filter(set -> set.name().matches(value(options, "data"))).toList();
      for (Candidate candidate : candidates) {
        for (DefaultsData set : data) {
          results
              .computeIfAbsent(candidate.name(), key -> new ArrayList<>())
              .add(measure(task, candidate, set, output, options));
        }
      }
      if (!options.contains("plan")) {
        print(task, data, results);
      }
    }
  }

  private static String value(List<String> options, String name) {
    return options.stream()
        .filter(option -> option.startsWith(name + "="))
        .map(option -> option.substring(name.length() + 1))
        .findFirst()
        .orElse(".*");
  }

  private static double[] measure(
      DefaultsTask task, Candidate candidate, DefaultsData set, Path output, List<String> options)
      throws IOException {
    double[] values = new double[SEEDS];
    boolean isTest = options.contains("test");
    for (int run = 0; run < SEEDS; run++) {
      int seed = isTest ? SEEDS + 1 + run : 1 + run;
      FineTuner.Builder builder =
          FineTuner.builder()
              .model(ModelSource.path(set.model()))
              .dataset(set.rows().split(seed, isTest))
              .maxLength(set.maxLength())
              .precision(Precision.FP32)
              .evaluationSamples(0)
              .saveLimit(0)
              .evaluateEvery(Interval.steps(10_000)) // at the end only
              .seed(seed)
              .output(output.resolve((task.name() + "-" + set.name()).replace(' ', '-')))
              .overwriteOutput();
      FineTuner tuner = candidate.change().apply(builder).build();
      if (options.contains("plan")) {
        System.out.printf("%n%s, %s, %s%n", task.name(), set.name(), candidate.name());
        System.out.println(run == 0 ? tuner.plan().text() : "");
        continue;
      }
      FineTuneReport report = tuner.run();
      values[run] = task.measure().of(report, set);
      System.out.printf(
          Locale.ROOT,
          "%s, %s, %s, seed %d: %.4f, %d steps; before training %s %s%n",
          task.name(),
          set.name(),
          candidate.name(),
          seed,
          values[run],
          report.steps(),
          report.initialValidationLoss(),
          report.initialMetrics());
    }
    return values;
  }

  private static void print(
      DefaultsTask task, List<DefaultsData> data, Map<String, List<double[]>> results) {
    System.out.printf("%n### %s, %s%n%n| |", task.name(), task.measured());
    data.forEach(set -> System.out.printf(" %s |", set.name()));
    System.out.println(" all |\n| --- |" + " --- |".repeat(data.size() + 1));
    List<double[]> usual = results.values().iterator().next();
    results.forEach(
        (name, values) -> {
          System.out.printf("| %s |", name);
          List<Double> all = new ArrayList<>();
          for (int set = 0; set < data.size(); set++) {
            List<Double> gains = new ArrayList<>();
            for (int run = 0; run < SEEDS; run++) {
              gains.add(task.sign() * (values.get(set)[run] - usual.get(set)[run]));
            }
            all.addAll(gains);
            System.out.printf(
                " %s |",
                values == usual
                    ? String.format(
                        Locale.ROOT, "%.3f", Arrays.stream(values.get(set)).average().orElseThrow())
                    : interval(gains));
          }
          System.out.println(values == usual ? " |" : " " + interval(all) + " |");
        });
  }

  private static String interval(List<Double> values) {
    double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    int freedom = values.size() - 1;
    double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
    double half = T[freedom - 1] * Math.sqrt(squares / freedom / values.size());
    return String.format(Locale.ROOT, "%.3f±%.3f", mean, half);
  }
}

/** A task, its data sets, and the candidates; the first one is the default. */
record DefaultsTask(
    String name,
    String measured,
    int sign,
    Measure measure,
    List<DefaultsData> data,
    List<Candidate> candidates) {

  /** What a run is judged by. */
  @FunctionalInterface
  interface Measure {
    double of(FineTuneReport report, DefaultsData set) throws IOException;

    /** Returns a metric that the run measures on its held-out rows. */
    static Measure metric(String name) {
      return run(report -> report.lastMetrics().get(name));
    }

    static Measure run(ToDoubleFunction<FineTuneReport> value) {
      return (report, set) -> value.applyAsDouble(report);
    }
  }
}

/** Rows and the model that is trained on them. */
record DefaultsData(String name, Path model, int maxLength, Pool rows) {}

/** A way to train, which differs from the default in one option. */
record Candidate(String name, UnaryOperator<FineTuner.Builder> change) {}

/** Rows of which the last ones are for the test, those before for validation. */
record Pool(List<Example> rows, int train, int held) {

  static Pool shuffled(List<? extends Example> rows, int train, int held) {
    List<Example> some = new ArrayList<>(rows);
    Collections.shuffle(some, new Random(7));
    return new Pool(some, train, held);
  }

  /** Draws training rows by a seed, without those whose text is held out too. */
  Split split(int seed, boolean isTest) {
    int end = rows.size() - held;
    Set<String> heldOut =
        rows.subList(end - held, rows.size()).stream().map(Pool::text).collect(Collectors.toSet());
    List<Example> pool = new ArrayList<>(rows.subList(0, end - held));
    pool.removeIf(row -> heldOut.contains(text(row)));
    Collections.shuffle(pool, new Random(seed));
    return new Split(
        Datasets.of(pool.subList(0, Math.min(train, pool.size()))),
        Datasets.of(isTest ? rows.subList(end, rows.size()) : rows.subList(end - held, end)));
  }

  private static String text(Example row) {
    String text =
        row instanceof Example.QueryPassage pair
            ? pair.query()
            : row instanceof Example.Classified one ? one.text() : row.toString();
    return text.toLowerCase(Locale.ROOT);
  }
}

/** The compared tasks. */
final class DefaultsTasks {

  private static final int RANK = 16;

  private final Path shared;
  private final boolean isTest;
  private final Path stories260K = Path.of("examples/models/stories260K");
  private final Path stories3M;
  private final Path encoder;

  DefaultsTasks(Path shared, boolean isTest) throws IOException {
    this.shared = shared;
    this.isTest = isTest;
    encoder = MiniLm.folder();
    stories3M = shared.resolve("stories3M");
  }

  List<DefaultsTask> all() throws IOException {
    return List.of(
        nextTokens(), preferences(), reward(), embeddings(), reranking(), words(), numbers());
  }

  private static Candidate lora(String name, Task task, UnaryOperator<FineTuner.Builder> change) {
    return new Candidate(name, tuner -> change.apply(tuner.task(task).method(Lora.rank(RANK))));
  }

  private static Candidate full(String name, Task task, UnaryOperator<FineTuner.Builder> change) {
    return new Candidate(
        name, tuner -> change.apply(tuner.task(task).method(FullFineTuning.create())));
  }

  private static Candidate rate(Task task, String rate) {
    return lora("rate " + rate, task, tuner -> tuner.learningRate(Double.parseDouble(rate)));
  }

  private DefaultsTask nextTokens() throws IOException {
    Task task = Task.nextTokens();
    List<Candidate> candidates = new ArrayList<>();
    candidates.add(lora("default", task, tuner -> tuner));
    candidates.add(rate(task, "6e-4"));
    candidates.add(rate(task, "2e-3"));
    candidates.add(
        lora("cosine schedule", task, tuner -> tuner.schedule(LearningRateSchedule.COSINE)));
    candidates.add(lora("rank 64", task, tuner -> tuner.method(Lora.rank(64))));
    candidates.add(lora("alpha = rank", task, tuner -> tuner.method(Lora.rank(RANK).alpha(RANK))));
    candidates.add(
        lora(
            "targets q, v",
            task,
            tuner -> tuner.method(Lora.rank(RANK).targets(Targets.names("q_proj", "v_proj")))));
    Dataset passages = Datasets.jsonl(Path.of("examples/data/shakespeare/passages.jsonl"));
    List<Example> plays = new ArrayList<>();
    for (int row = 0; row < passages.size(); row++) {
      plays.add(passages.get(row));
    }
    List<Example> glosses =
        Files.readAllLines(shared.resolve("wordnet_glosses/glosses.txt")).stream()
            .filter(line -> line.length() > 60)
            .<Example>map(Example.Text::new)
            .toList();
    return new DefaultsTask(
        "next tokens",
        "loss",
        -1,
        DefaultsTask.Measure.run(report -> report.lastValidationLoss().orElseThrow()),
        List.of(
            new DefaultsData("plays 260K", stories260K, 96, new Pool(plays, 120, 40)),
            new DefaultsData("glosses 3M", stories3M, 64, Pool.shuffled(glosses, 120, 60))),
        candidates);
  }

  private List<DefaultsData> pairs() throws IOException {
    List<Example> asked = new ArrayList<>();
    Dataset questions =
        Datasets.read(shared.resolve("truthfulqa/TruthfulQA.csv"))
            .shape(Shape.PREFERENCE)
            .map("Question", "prompt")
            .map("Best Answer", "chosen")
            .map("Incorrect Answers", "rejected")
            .open();
    for (int row = 0; row < questions.size(); row++) {
      Example.Preference pair = (Example.Preference) questions.get(row);
      asked.add(
          new Example.Preference(
              pair.prompt() + "\n", pair.chosen(), pair.rejected().split(";")[0].strip()));
    }
    Dataset chats = Datasets.read(shared.resolve("preference_demo/dpo_en_demo.json")).open();
    List<Example> answered = new ArrayList<>();
    for (int row = 0; row < chats.size(); row++) {
      Example.ChatPreference chat = (Example.ChatPreference) chats.get(row);
      answered.add(
          new Example.Preference(
              chat.prompt().stream()
                  .map(message -> String.valueOf(message.content()))
                  .map(DefaultsTasks::beginning)
                  .collect(Collectors.joining("\n", "", "\n")),
              beginning(String.valueOf(chat.chosen().get(0).content())),
              beginning(String.valueOf(chat.rejected().get(0).content()))));
    }
    return List.of(
        new DefaultsData("TruthfulQA", stories3M, 64, Pool.shuffled(asked, 96, 100)),
        new DefaultsData("DPO demo", stories3M, 192, Pool.shuffled(answered, 96, 60)));
  }

  private static String beginning(String text) {
    return Arrays.stream(text.strip().split("\\s+")).limit(20).collect(Collectors.joining(" "));
  }

  private DefaultsTask preferences() throws IOException {
    Task task = Task.preference(PreferenceLoss.dpo(0.1));
    List<Candidate> candidates = new ArrayList<>();
    candidates.add(lora("default", task, tuner -> tuner));
    for (String rate : List.of("5e-5", "5e-4")) {
      candidates.add(rate(task, rate));
    }
    candidates.add(lora("3 epochs", task, tuner -> tuner.epochs(3)));
    Map<String, PreferenceLoss> losses = new LinkedHashMap<>();
    losses.put("beta 0.3", PreferenceLoss.dpo(0.3));
    losses.put("IPO 0.1", PreferenceLoss.ipo(0.1));
    losses.forEach(
        (name, loss) -> candidates.add(lora(name, Task.preference(loss), tuner -> tuner)));
    return new DefaultsTask(
        "preferences", "accuracy", 1, DefaultsTask.Measure.metric("accuracy"), pairs(), candidates);
  }

  private DefaultsTask reward() throws IOException {
    Task task = Task.reward();
    return new DefaultsTask(
        "reward models",
        "accuracy",
        1,
        DefaultsTask.Measure.metric("accuracy"),
        pairs(),
        List.of(
            lora("default", task, tuner -> tuner),
            rate(task, "3e-4"),
            rate(task, "1e-3"),
            lora("3 epochs", task, tuner -> tuner.epochs(3))));
  }

  private static List<Candidate> classes(Task task) {
    List<Candidate> candidates = new ArrayList<>();
    candidates.add(lora("default", task, tuner -> tuner));
    candidates.add(
        lora(
            "frozen encoder, linear layer",
            task,
            tuner -> tuner.learningRate(1e-9).weightDecay(0).maxSteps(1)));
    candidates.add(rate(task, "5e-4"));
    candidates.add(rate(task, "1e-3"));
    candidates.add(lora("batch 8", task, tuner -> tuner.batchSize(8)));
    candidates.add(lora("unfitted layer", task, tuner -> tuner.headWarmStart(false)));
    candidates.add(full("full fine-tuning", task, tuner -> tuner));
    return candidates;
  }

  private DefaultsTask words() throws IOException {
    return new DefaultsTask(
        "words",
        "macro F1 of words written with a capital",
        1,
        DefaultsTask.Measure.metric("macro_f1"),
        List.of(
            new DefaultsData(
                "WikiText-2", encoder, 48, capitals(shared.resolve("wikitext2/wiki.valid.tokens"))),
            new DefaultsData(
                "a novel", encoder, 48, capitals(shared.resolve("books/news_from_nowhere.txt")))),
        classes(Task.tokenClassification()));
  }

  private static Pool capitals(Path file) throws IOException {
    List<Example> rows = new ArrayList<>();
    List<String> words =
        Arrays.stream(Files.readString(file).split("\\s+"))
            .filter(word -> !word.isEmpty() && !word.equals("<unk>"))
            .toList();
    for (int at = 0; at + 20 <= words.size() && rows.size() < 1000; at += 20) {
      List<String> part = words.subList(at, at + 20);
      rows.add(
          new Example.Tagged(
              part.stream().map(word -> word.toLowerCase(Locale.ROOT)).toList(),
              part.stream()
                  .map(word -> word.chars().anyMatch(Character::isUpperCase) ? "capital" : "small")
                  .toList()));
    }
    return new Pool(rows, 96, 80);
  }

  private DefaultsTask numbers() throws IOException {
    List<DefaultsData> sets = new ArrayList<>();
    for (String genre : List.of("main-news", "main-captions")) {
      List<Example> rows = new ArrayList<>();
      for (String[] row : judged()) {
        if (row[0].equals(genre)) {
          rows.add(new Example.Classified(row[5], Optional.of(row[6]), List.of(row[4])));
        }
      }
      sets.add(
          new DefaultsData(
              "STS-B " + genre.substring(5), encoder, 64, Pool.shuffled(rows, 160, 150)));
    }
    return new DefaultsTask(
        "numbers",
        "Spearman",
        1,
        DefaultsTask.Measure.metric("spearman"),
        sets,
        classes(Task.regression()));
  }

  private List<String[]> judged() throws IOException {
    return Files.readAllLines(shared.resolve("stsb/sts-train.csv")).stream()
        .map(line -> line.split("\t", -1))
        .toList();
  }

  /** Cross-encoders, on queries each with its passage and two others. */
  private DefaultsTask reranking() throws IOException {
    List<DefaultsData> sets = new ArrayList<>();
    for (DefaultsData pairs : retrieval()) {
      List<Example> all = pairs.rows().rows();
      List<Example> rows = new ArrayList<>();
      Random random = new Random(3);
      for (int at = 0; at < Math.min(400, all.size()); at++) {
        Example.QueryPassage pair = (Example.QueryPassage) all.get(at);
        rows.add(judgement(pair.query(), pair.passage(), true));
        for (int other = 0; other < 3; other++) {
          rows.add(judgement(pair.query(), near(pair, all, random), false));
        }
      }
      sets.add(new DefaultsData(pairs.name(), encoder, 48, new Pool(rows, 96, 96)));
    }
    return new DefaultsTask(
        "cross-encoders",
        "MRR of the passage among four",
        1,
        this::reciprocalRank,
        sets,
        classes(Task.multiLabel().labels("relevant")));
  }

  private static Example judgement(String query, String passage, boolean isRelevant) {
    return new Example.Classified(
        query, Optional.of(passage), isRelevant ? List.of("relevant") : List.of());
  }

  /** Returns the passage of ten random rows that shares most words with the query. */
  private static String near(Example.QueryPassage pair, List<Example> all, Random random) {
    Set<String> wanted = wordsOf(pair.query());
    String best = "";
    long most = -1;
    for (int tried = 0; tried < 10; tried++) {
      String passage = ((Example.QueryPassage) all.get(random.nextInt(all.size()))).passage();
      long common = wordsOf(passage).stream().filter(wanted::contains).count();
      if (common > most && !passage.equals(pair.passage())) {
        most = common;
        best = passage;
      }
    }
    return best;
  }

  private static Set<String> wordsOf(String text) {
    return new HashSet<>(Arrays.asList(text.toLowerCase(Locale.ROOT).split("\\W+")));
  }

  /** Ranks the held-out rows again, as the run measures no ranks of cross-encoders. */
  private double reciprocalRank(FineTuneReport report, DefaultsData set) {
    boolean isAdapter = Files.exists(report.last().resolve("adapter_config.json"));
    ModelSource source = ModelSource.path(isAdapter ? set.model() : report.last());
    Adapter[] adapters = isAdapter ? new Adapter[] {Adapter.at(report.last())} : new Adapter[0];
    Dataset held = set.rows().split(1, isTest).validation();
    double sum = 0;
    try (TextReranker reranker = TextReranker.load(source, Precision.FP32, adapters)) {
      for (int row = 0; row + 4 <= held.size(); row += 4) {
        List<String> passages = new ArrayList<>();
        for (int at = row; at < row + 4; at++) {
          passages.add(((Example.Classified) held.get(at)).pair().orElseThrow());
        }
        double[] scores = reranker.scores(((Example.Classified) held.get(row)).text(), passages);
        sum += 1.0 / (1 + Arrays.stream(scores).skip(1).filter(s -> s >= scores[0]).count());
      }
    }
    return sum / (held.size() / 4);
  }

  private DefaultsTask embeddings() throws IOException {
    Task task = Task.embeddings();
    List<Candidate> candidates = new ArrayList<>();
    candidates.add(lora("default", task, tuner -> tuner));
    for (String rate : List.of("1.5e-4", "5e-4")) {
      candidates.add(rate(task, rate));
    }
    candidates.add(lora("scale 10", Task.embeddings().scale(10), tuner -> tuner));
    candidates.add(lora("scale 50", Task.embeddings().scale(50), tuner -> tuner));
    candidates.add(full("full fine-tuning", task, tuner -> tuner));
    return new DefaultsTask(
        "embeddings", "MRR", 1, DefaultsTask.Measure.metric("mrr"), retrieval(), candidates);
  }

  /** Queries and passages cut to a few dozen tokens. */
  private List<DefaultsData> retrieval() throws IOException {
    return List.of(
        new DefaultsData("SQuAD", encoder, 40, new Pool(sentences(), 96, 100)),
        new DefaultsData("CACM", encoder, 32, Pool.shuffled(abstracts(), 96, 100)));
  }

  /** Questions and the sentences that answer them, in the order of the articles. */
  private List<Example> sentences() throws IOException {
    com.fasterxml.jackson.databind.JsonNode file =
        new com.fasterxml.jackson.databind.ObjectMapper()
            .readTree(shared.resolve("squad/xquad_en_a.json").toFile());
    List<Example> rows = new ArrayList<>();
    for (var article : file.get("data")) {
      for (var paragraph : article.get("paragraphs")) {
        String context = paragraph.get("context").asText();
        for (var question : paragraph.get("qas")) {
          int at = question.get("answers").get(0).get("answer_start").asInt();
          int from = context.lastIndexOf(". ", at);
          int to = context.indexOf(". ", at);
          rows.add(
              new Example.QueryPassage(
                  question.get("question").asText(),
                  context.substring(from < 0 ? 0 : from + 2, to < 0 ? context.length() : to + 1)));
        }
      }
    }
    return rows;
  }

  /** Titles of articles and the beginnings of their abstracts. */
  private List<Example> abstracts() throws IOException {
    List<Example> rows = new ArrayList<>();
    for (String line : Files.readAllLines(shared.resolve("cacm/corpus.jsonl"))) {
      var document = new com.fasterxml.jackson.databind.ObjectMapper().readTree(line);
      String[] parts = document.get("text").asText().split("\n\n");
      if (parts.length > 2 && parts[1].length() > 150) {
        rows.add(
            new Example.QueryPassage(
                parts[0].replaceAll("\\s+", " "),
                Arrays.stream(parts[1].split("\\s+")).limit(24).collect(Collectors.joining(" "))));
      }
    }
    return rows;
  }
}
