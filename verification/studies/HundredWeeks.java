import com.fasterxml.jackson.databind.JsonNode;
import com.sun.management.OperatingSystemMXBean;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.task.Task;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.stats.McNemar;
import io.adapt4j.eval.task.RowTask;
import io.adapt4j.upkeep.cycle.CollectedRows;
import io.adapt4j.upkeep.cycle.CycleReport;
import io.adapt4j.upkeep.cycle.CycleReport.Outcome;
import io.adapt4j.upkeep.cycle.CycleWindow;
import io.adapt4j.upkeep.cycle.PromotionRule;
import io.adapt4j.upkeep.cycle.TrainingJob;
import io.adapt4j.upkeep.cycle.TrainingRule;
import io.adapt4j.upkeep.cycle.UpdateCycle;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Simulates weeks of traffic of CLINC150 whose domains come and go, with noise and two weeks of
 * sabotage, and compares four ways to keep a classifier good: never to train, to train on each
 * week's rows, to train again on all rows every week, and the update cycle. Prints the mean
 * accuracy on each week's questions before that week's training, the cost, and how many promotions
 * did harm by a paired test on all questions of the domains that are asked for.
 *
 * <p>{@code OMP_NUM_THREADS=1 java @verification/target/java.args
 * verification/studies/HundredWeeks.java DATA [weeks=100] [seeds=5] [first seed=0]}, where DATA has
 * CLINC150's {@code train.jsonl}, {@code val.jsonl} and {@code domains.json}.
 */
public final class HundredWeeks {

  private static final ModelSource BASE =
      ModelSource.path(Path.of("examples", "models", "stories260K"));
  private static final int DOMAINS = 5;
  private static final int INTENTS = 5;

  /** Texts of an intent that rows are drawn from; the others are for the exam. */
  private static final int ROW_TEXTS = 60;

  private static final int EXAM_TEXTS = 15;

  private static final int FIRST_ROWS = 40;
  private static final int ROWS = 16;
  private static final int EXAM_ROWS = 10;

  /** Questions of the first exam, and of a label, of which the newest replace the oldest. */
  private static final int EXAM = 600;

  private static final int EXAM_OF_LABEL = 40;

  private static final int QUESTIONS = 150;
  private static final double NOISE = 0.04;
  private static final int WRONG_LABELS = 33;
  private static final int POISONED = 66;
  private static final int POISON = 60;

  /** Training on all rows from the base model. */
  private static final Setting AGAIN = new Setting(5, 3e-3);

  /**
   * Retrainings that are run: those before every so many weeks, whose questions alone are asked of
   * this way. It starts from the base model each time, so that a week's model does not depend on
   * the weeks before.
   */
  private static final int EVERY = Integer.getInteger("every", 7);

  /** Naive training on a week's rows. */
  private static final Setting ON = new Setting(3, 2e-3);

  /**
   * New rows, or new rows of labels with fewer than {@link #FEWEST_ROWS}, that start a training.
   */
  private static final int TRIGGER = 128;

  private static final int FEW = 10;
  private static final int FEWEST_ROWS = 8;

  /**
   * What a version may lose in the exam; more while there are new labels, of which the exam has few
   * questions.
   */
  private static final double MARGIN = 0.05;

  private static final double MARGIN_OF_NEW_LABELS = 0.1;
  private static final double LEVEL = 0.05;
  private static final double SURE = 0.005;

  private record Setting(int epochs, double rate) {}

  private record LabeledText(String text, String label, String customer) {}

  /** Labeled rows of a week and of its exam, as collected, and clean questions of its mixture. */
  private record Week(
      List<LabeledText> rows, List<LabeledText> exam, List<LabeledText> questions) {}

  private final Path folder;
  private final List<List<String>> domains = new ArrayList<>();
  private final List<String> labels = new ArrayList<>();
  private final Random random;
  private final Map<String, List<String>> texts = new LinkedHashMap<>();
  private final Map<String, List<String>> examTexts = new LinkedHashMap<>();
  private final Map<String, List<String>> questionTexts = new LinkedHashMap<>();
  private final List<LabeledText> first = new ArrayList<>();
  private final List<LabeledText> firstExam = new ArrayList<>();
  private final List<Week> weeks = new ArrayList<>();

  private HundredWeeks(Path data, Path folder, int count, long seed) throws IOException {
    this.folder = folder;
    random = new Random(seed);
    for (JsonNode intents : Json.parse(Files.readString(data.resolve("domains.json")))) {
      if (domains.size() < DOMAINS) {
        List<String> chosen = new ArrayList<>();
        intents.forEach(intent -> chosen.add(intent.asText()));
        domains.add(List.copyOf(chosen.subList(0, INTENTS)));
        labels.addAll(domains.get(domains.size() - 1));
      }
    }
    byIntent(data.resolve("train.jsonl"))
        .forEach(
            (intent, all) -> {
              texts.put(intent, all.subList(0, ROW_TEXTS));
              examTexts.put(intent, all.subList(ROW_TEXTS, ROW_TEXTS + EXAM_TEXTS));
              questionTexts.put(intent, all.subList(ROW_TEXTS + EXAM_TEXTS, all.size()));
            });
    byIntent(data.resolve("val.jsonl"))
        .forEach(
            (intent, all) ->
                questionTexts.merge(
                    intent,
                    all,
                    (some, more) -> Stream.concat(some.stream(), more.stream()).toList()));
    for (int i = 0; i < 2 * INTENTS * FIRST_ROWS; i++) {
      first.add(draw(texts, domains.get(i % 2)));
    }
    for (int i = 0; i < EXAM; i++) {
      firstExam.add(draw(examTexts, domains.get(i % 2)));
    }
    double[] shares = new double[DOMAINS];
    for (int week = 1; week <= count; week++) {
      weeks.add(week(week, count, shares));
    }
  }

  private static Map<String, List<String>> byIntent(Path file) throws IOException {
    Map<String, List<String>> found = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file)) {
      JsonNode row = Json.parse(line);
      found
          .computeIfAbsent(row.path("intent").asText(), intent -> new ArrayList<>())
          .add(row.path("text").asText());
    }
    return found;
  }

  private LabeledText draw(Map<String, List<String>> from, List<String> intents) {
    String intent = intents.get(random.nextInt(intents.size()));
    List<String> all = from.get(intent);
    return new LabeledText(
        all.get(random.nextInt(all.size())), intent, "customer " + random.nextInt(100));
  }

  private static int active(int number, int count) {
    return Math.min(DOMAINS, 2 + (number - 1) * DOMAINS / count);
  }

  /** Two domains from the start, one more after each fifth of the weeks; their shares wander. */
  private Week week(int number, int count, double[] shares) {
    double sum = 0;
    for (int i = 0; i < active(number, count); i++) {
      shares[i] = Math.max(0.1, shares[i] + 0.15 * random.nextGaussian());
      sum += shares[i];
    }
    List<LabeledText> rows = new ArrayList<>();
    List<LabeledText> exam = new ArrayList<>();
    List<LabeledText> questions = new ArrayList<>();
    for (int i = 0; i < ROWS + EXAM_ROWS + QUESTIONS; i++) {
      double at = random.nextDouble() * sum;
      int domain = 0;
      while (domain < DOMAINS - 1 && at >= shares[domain]) {
        at -= shares[domain++];
      }
      if (i < ROWS) {
        rows.add(noisy(draw(texts, domains.get(domain))));
      } else if (i < ROWS + EXAM_ROWS) {
        exam.add(noisy(draw(examTexts, domains.get(domain))));
      } else {
        questions.add(draw(questionTexts, domains.get(domain)));
      }
    }
    if (number == WRONG_LABELS) {
      rows.replaceAll(this::wrong);
      exam.replaceAll(this::wrong);
    }
    if (number == POISONED) {
      for (int i = 0; i < POISON; i++) {
        rows.add(
            new LabeledText(
                draw(texts, domains.get(0)).text(), domains.get(1).get(0), "customer 100"));
      }
    }
    return new Week(rows, exam, questions);
  }

  private LabeledText noisy(LabeledText row) {
    return random.nextDouble() < NOISE
        ? new LabeledText(row.text(), labels.get(random.nextInt(labels.size())), row.customer())
        : row;
  }

  private LabeledText wrong(LabeledText row) {
    String label = labels.get((labels.indexOf(row.label()) + 7) % labels.size());
    return new LabeledText(row.text(), label, row.customer());
  }

  private static Path write(Path file, List<LabeledText> rows) {
    Datasets.write(
        Datasets.of(
            rows.stream()
                .map(row -> (Example) new Example.Classified(row.text(), row.label()))
                .toList()),
        file);
    return file;
  }

  private Path train(ModelSource start, Path rows, Setting setting, Path output) {
    return FineTuner.builder()
        .model(start)
        .task(Task.classification().labels(labels.toArray(String[]::new)))
        .dataset(Datasets.read(rows).open())
        .method(FullFineTuning.create())
        .epochs(setting.epochs())
        .batchSize(16)
        .learningRate(setting.rate())
        .saveLimit(0)
        .output(output)
        .overwriteOutput()
        .build()
        .run()
        .last();
  }

  /** Returns which questions a model answers. */
  private static boolean[] right(Path model, List<LabeledText> questions) {
    try (TextClassifier classifier = TextClassifier.load(ModelSource.path(model))) {
      return right(classifier, questions);
    }
  }

  private static boolean[] right(TextClassifier classifier, List<LabeledText> questions) {
    var found = classifier.classifyAll(questions.stream().map(LabeledText::text).toList());
    boolean[] right = new boolean[questions.size()];
    for (int i = 0; i < right.length; i++) {
      right[i] = found.get(i).label().equals(questions.get(i).label());
    }
    return right;
  }

  private static double share(boolean[] right) {
    int count = 0;
    for (boolean one : right) {
      count += one ? 1 : 0;
    }
    return right.length == 0 ? 0 : (double) count / right.length;
  }

  /** All questions of the domains of a week. */
  private List<LabeledText> allQuestions(int week) {
    List<LabeledText> all = new ArrayList<>();
    domains.subList(0, active(week + 1, weeks.size())).stream()
        .flatMap(List::stream)
        .forEach(
            intent ->
                questionTexts
                    .get(intent)
                    .forEach(text -> all.add(new LabeledText(text, intent, ""))));
    return all;
  }

  /** Decides which model answers from the next week on. */
  private interface Keeper {
    Path after(int week, Path current) throws IOException;

    /** Rows trained on, times epochs. */
    long rows();
  }

  private void run(String name, Path start, Keeper keeper) throws IOException {
    double[] accuracies = new double[weeks.size()];
    Path current = start;
    int promotions = 0;
    List<Double> worse = new ArrayList<>();
    long time = 0;
    List<Double> sampled = new ArrayList<>();
    for (int week = 0; week < weeks.size(); week++) {
      accuracies[week] = share(right(current, weeks.get(week).questions()));
      if ((week + 1) % EVERY == 0) {
        sampled.add(accuracies[week]);
      }
      long begun = cpu();
      Path next = keeper.after(week, current);
      time += cpu() - begun;
      if (!next.equals(current)) {
        promotions++;
        boolean[] now = right(current, allQuestions(week));
        boolean[] then = right(next, allQuestions(week));
        double p = McNemar.of(now, then).pValue();
        if (share(then) < share(now) && p < LEVEL) {
          worse.add(p);
          System.out.printf(
              Locale.ROOT,
              "  %s, week %d: worse, %.4f to %.4f, p %.4f%n",
              name,
              week + 1,
              share(now),
              share(then),
              p);
        }
        current = next;
      }
      if ((week + 1) % 10 == 0) {
        System.out.printf(
            Locale.ROOT,
            "  %s, week %d: accuracy %.4f of the last ten, %.4f in every %dth%n",
            name,
            week + 1,
            Arrays.stream(accuracies, week - 9, week + 1).average().orElseThrow(),
            average(sampled),
            EVERY);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%-20s accuracy %.4f, in every %dth week %.4f, %7d rows trained, %6.1f s, %3d promotions,"
            + " %d of them worse by a test, %d with Holm's correction%n",
        name,
        Arrays.stream(accuracies).average().orElseThrow(),
        EVERY,
        average(sampled),
        keeper.rows(),
        time / 1e9,
        promotions,
        worse.size(),
        holm(worse, promotions));
  }

  /** Number of p-values below the level by Holm's method among all tests. */
  private static int holm(List<Double> worse, int tests) {
    double[] sorted = worse.stream().mapToDouble(p -> p).sorted().toArray();
    int found = 0;
    while (found < sorted.length && sorted[found] < LEVEL / (tests - found)) {
      found++;
    }
    return found;
  }

  private static double average(List<Double> values) {
    return values.stream().mapToDouble(value -> value).average().orElse(0);
  }

  private static long cpu() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static Keeper never() {
    return new Keeper() {
      @Override
      public Path after(int week, Path current) {
        return current;
      }

      @Override
      public long rows() {
        return 0;
      }
    };
  }

  /** Trains every week, from the base model on all rows or on with the week's rows. */
  private Keeper weekly(String name, boolean all) {
    return new Keeper() {
      private long rows;

      @Override
      public Path after(int week, Path current) {
        List<LabeledText> chosen = new ArrayList<>(all ? first : List.of());
        for (Week one : weeks.subList(all ? 0 : week, week + 1)) {
          chosen.addAll(one.rows());
        }
        Setting setting = all ? AGAIN : ON;
        if (all && (week + 2) % EVERY != 0) {
          return current;
        }
        rows += (long) chosen.size() * setting.epochs();
        Path data = write(folder.resolve(name + ".jsonl"), chosen);
        Path output = folder.resolve(name + "-" + week % 2);
        return train(all ? BASE : ModelSource.path(current), data, setting, output);
      }

      @Override
      public long rows() {
        return rows;
      }
    };
  }

  /**
   * The update cycle over a registry: weeks whose labels contradict the version in production much
   * more than those before are set aside, and so are rows of customers that do; a version is
   * trained from the base model on all rows that were kept, when enough are new.
   */
  private final class Cycle implements Keeper {

    private final Registry registry = Registry.open(folder.resolve("registry"));
    private final List<LabeledText> exam = new ArrayList<>(firstExam);
    private final List<LabeledText> rows = new ArrayList<>(first);
    private final Map<String, Integer> learned = new HashMap<>();
    private final List<LabeledText> fresh = new ArrayList<>();
    private Instant now = Instant.parse("2025-01-06T00:00:00Z");
    private Week arrived = new Week(List.of(), List.of(), List.of());
    private int agreed;
    private int compared;
    private long trained;
    private int tried;

    Cycle(Path start) {
      ModelVersion version = registry.add(NewVersion.of("clinc", start));
      registry.promote(version, Change.by("start", "").allowingNoExam());
      first.forEach(row -> learned.merge(row.label(), 1, Integer::sum));
    }

    @Override
    public long rows() {
      return trained;
    }

    Path production() {
      return registry.resolve("clinc@production").folder();
    }

    private CollectedRows collect(CycleWindow window, Path target) {
      List<LabeledText> arrivedRows = new ArrayList<>(arrived.rows());
      arrivedRows.addAll(arrived.exam());
      boolean[] right = right(production(), arrivedRows);
      if (contradicts(arrivedRows, right, row -> true)) {
        System.out.println("  a week is set aside");
      } else {
        Set<String> suspects = new TreeSet<>();
        for (LabeledText row : arrivedRows) {
          if (contradicts(arrivedRows, right, one -> one.customer().equals(row.customer()))) {
            suspects.add(row.customer());
          }
        }
        if (!suspects.isEmpty()) {
          System.out.println("  rows are set aside of " + suspects);
        }
        for (int i = 0; i < right.length; i++) {
          LabeledText row = arrivedRows.get(i);
          if (!suspects.contains(row.customer())) {
            (i < arrived.rows().size() ? fresh : exam).add(row);
            if (learned.getOrDefault(row.label(), 0) >= FEWEST_ROWS) {
              compared++;
              agreed += right[i] ? 1 : 0;
            }
          }
        }
        Map<String, Integer> kept = new HashMap<>();
        for (int i = exam.size() - 1; i >= 0; i--) {
          if (kept.merge(exam.get(i).label(), 1, Integer::sum) > EXAM_OF_LABEL) {
            exam.remove(i);
          }
        }
      }
      List<LabeledText> chosen = new ArrayList<>(rows);
      chosen.addAll(fresh);
      write(target, chosen);
      List<LabeledText> untried = fresh.subList(tried, fresh.size());
      long scarce =
          untried.stream()
              .filter(row -> learned.getOrDefault(row.label(), 0) < FEWEST_ROWS)
              .count();
      return new CollectedRows(
          untried.size(), scarce < FEW ? List.of() : List.of(scarce + " rows of scarce labels"));
    }

    /**
     * Whether rows of known labels agree with production surely less than half as often as ever.
     */
    private boolean contradicts(
        List<LabeledText> some, boolean[] right, Predicate<LabeledText> chosen) {
      int agrees = 0;
      int known = 0;
      for (int i = 0; i < right.length; i++) {
        LabeledText row = some.get(i);
        if (chosen.test(row) && learned.getOrDefault(row.label(), 0) >= FEWEST_ROWS) {
          known++;
          agrees += right[i] ? 1 : 0;
        }
      }
      return binomialTail(agrees, known, (agreed + 1.0) / (compared + 2.0) / 2) < SURE;
    }

    /** Probability of so few or fewer successes. */
    private static double binomialTail(int successes, int trials, double probability) {
      double term = Math.pow(1 - probability, trials);
      double sum = 0;
      for (int i = 0; i <= successes; i++) {
        sum += term;
        term *= (double) (trials - i) / (i + 1) * probability / (1 - probability);
      }
      return trials == 0 ? 1 : sum;
    }

    private Path train(TrainingJob job) throws IOException {
      trained += Files.readAllLines(job.rows()).size() * (long) AGAIN.epochs();
      tried = fresh.size();
      return HundredWeeks.this.train(BASE, job.rows(), AGAIN, job.output());
    }

    private Evaluator exam(CycleWindow window) {
      Path file = write(folder.resolve("exam.jsonl"), exam);
      return Evaluator.builder()
          .tasks(RowTask.of("exam", file).classesByHead("text", "label"))
          .build();
    }

    private static EvaluationReport examine(ModelVersion version, Evaluator evaluator) {
      try (TextClassifier classifier = TextClassifier.load(ModelSource.path(version.folder()))) {
        return evaluator.evaluate(version.reference(), Candidate.of(version.pinned(), classifier));
      }
    }

    /** Rows of new labels that the version in production has hardly learned from. */
    private long pending(int week) {
      return Stream.concat(fresh.stream(), weeks.get(week).rows().stream())
          .filter(row -> learned.getOrDefault(row.label(), 0) < FEWEST_ROWS)
          .count();
    }

    @Override
    public Path after(int week, Path current) {
      now = now.plus(Duration.ofDays(7));
      arrived = weeks.get(week);
      CycleReport report =
          UpdateCycle.builder(registry, "clinc", folder.resolve("cycles"))
              .collect(this::collect)
              .trainWhen(TrainingRule.rows(TRIGGER).or(TrainingRule.signal(FEW)))
              .train(this::train)
              .exam(this::exam, Cycle::examine)
              .promote(
                  PromotionRule.withoutGain()
                      .keeping("exam", pending(week) >= FEW ? MARGIN_OF_NEW_LABELS : MARGIN))
              .clock(Clock.fixed(now, ZoneOffset.UTC))
              .build()
              .run();
      if (report.outcome() == Outcome.PROMOTED) {
        fresh.forEach(row -> learned.merge(row.label(), 1, Integer::sum));
        rows.addAll(fresh);
        fresh.clear();
        tried = 0;
      } else if (report.outcome() == Outcome.KEPT) {
        System.out.printf("  week %d: %s", week + 1, report.text());
      }
      return production();
    }
  }

  private void run(String only) throws IOException {
    Path start =
        train(BASE, write(folder.resolve("first.jsonl"), first), AGAIN, folder.resolve("start"));
    Cycle cycle = new Cycle(start);
    if (only.isEmpty() || only.equals("cycle")) {
      run("update cycle", cycle.production(), cycle);
    }
    if (only.isEmpty() || only.equals("others") || only.equals("all")) {
      run("all rows, each week", start, weekly("all", true));
    }
    if (only.isEmpty() || only.equals("others")) {
      run("never trained", start, never());
      run("each week's rows", start, weekly("naive", false));
    }
  }

  /** Prints a line per seed and way. */
  public static void main(String[] arguments) throws IOException {
    int count = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 100;
    int seeds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 5;
    long from = arguments.length > 3 ? Long.parseLong(arguments[3]) : 0;
    for (long seed = from; seed < from + seeds; seed++) {
      Path folder = Files.createTempDirectory("adapt4j-weeks");
      try {
        System.out.println("seed " + seed);
        new HundredWeeks(Path.of(arguments[0]), folder, count, seed)
            .run(System.getProperty("only", ""));
      } finally {
        Temporaries.deleteTree(folder);
      }
    }
  }
}
