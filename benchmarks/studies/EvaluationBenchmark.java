import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.LlamaShape;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Cost;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Overhead of evaluation: scoring compared with the model's prefill, everything outside the model,
 * the bootstrap, and resuming a run killed halfway.
 */
public final class EvaluationBenchmark {

  private static final String OPTIONS =
      "--shape none --precision fp32 --requests 384 --items 1000 --rounds 5 "
          + "--threads 0 --folder none";
  private static final double SCORING_TARGET = 0.8;
  private static final int RESUMED_ITEMS = 200;
  private static final int BOOTSTRAP_ROWS = 10_000;

  private final Arguments arguments;
  private final EvaluationQuestions questions = new EvaluationQuestions();

  private EvaluationBenchmark(Arguments arguments) {
    this.arguments = arguments;
  }

  /**
   * Options: {@code --shape none|small|30m|135m} (none: the examples' trained model), {@code
   * --precision fp32|bf16}, {@code --requests} to score against prefill (at most 1,000), {@code
   * --items} to evaluate, {@code --rounds}, {@code --threads} (0: the engine's choice), {@code
   * --folder} of a model to use instead.
   */
  public static void main(String[] line) {
    new EvaluationBenchmark(Arguments.parse(line, OPTIONS).useThreads()).run();
  }

  private void run() {
    Report report = new Report("Evaluation");
    try (TemporaryFolder temporary = TemporaryFolder.create()) {
      Path folder = model(temporary.path().resolve("model"));
      report.line("model", "%s, %s", name(folder), arguments.text("--precision"));
      try (LanguageModel model = load(folder)) {
        scoring(report, model, folder);
        overhead(report, model);
        new ResumeCase(
                folder,
                arguments.text("--precision"),
                Math.min(RESUMED_ITEMS, arguments.number("--items", 1)),
                temporary.path().resolve("replies"))
            .report(report, model);
      }
    }
    bootstrap(report);
    report.print();
  }

  private Path model(Path folder) {
    String given = arguments.text("--folder");
    if (!given.equals("none")) {
      return Path.of(given);
    }
    String shape = arguments.text("--shape");
    if (shape.equals("none")) {
      return ExampleFiles.model();
    }
    LlamaShape.named(shape).write(folder, ExampleFiles.model());
    return folder;
  }

  private String name(Path folder) {
    String shape = arguments.text("--shape");
    return shape.equals("none") ? folder.getFileName().toString() : shape + ", random weights";
  }

  private DType type() {
    return arguments.isBf16() ? DType.BF16 : DType.F32;
  }

  private LanguageModel load(Path folder) {
    return LanguageModel.load(
        ModelSource.path(folder), type() == DType.BF16 ? Precision.BF16 : Precision.FP32);
  }

  /** Alternates the two, so that a slowdown of the machine affects both. */
  private void scoring(Report report, LanguageModel model, Path folder) {
    List<Request.Likelihood> requests = questions.requests(arguments.number("--requests", 1));
    List<TokenScores> scores =
        model.scoreAll(
            requests.stream()
                .map(request -> new ScoringRequest(request.context(), request.continuation()))
                .toList());
    // The last token of a sequence is not fed to the model.
    int[] lengths =
        scores.stream()
            .mapToInt(score -> score.contextTokens() + score.tokenIds().size() - 1)
            .toArray();
    long tokens = Arrays.stream(lengths).asLongStream().sum();
    Candidate candidate = Candidate.of(model);
    int rounds = arguments.number("--rounds", 1);
    Turns turns = new Turns(1, rounds);
    try (PrefillCase alone = new PrefillCase(folder, type(), lengths)) {
      turns
          .add("prefill", i -> alone.rate())
          .add("scoring", i -> tokens / Timing.seconds(() -> candidate.reply(requests)))
          .run();
    }
    report.line(
        "requests",
        "%d, %.0f tokens each on average",
        requests.size(),
        (double) tokens / requests.size());
    report.line("prefill", "%.0f tokens/s, median of %d", turns.of("prefill").median(), rounds);
    report.line("scoring", "%.0f tokens/s, tokenizing included", turns.of("scoring").median());
    report.atLeast("scoring / prefill", turns.ratio("scoring", "prefill").median(), SCORING_TARGET);
  }

  private void overhead(Report report, LanguageModel model) {
    Task task = questions.task(arguments.number("--items", 1));
    Cost cost = Evaluator.builder().tasks(task).build().evaluate(Candidate.of(model)).cost();
    double seconds = cost.total().toNanos() / 1e9;
    report.line(
        "evaluation",
        "%d items, %d requests, %d tokens read in %.2f s, peak RSS      %.2f GB",
        task.items().size(),
        cost.asked(),
        cost.promptTokens(),
        seconds,
        cost.peakResidentBytes().orElse(0) / 1e9);
    report.atMost("overhead", 100 * cost.overheadShare(), 2, "% of the time");
  }

  private static void bootstrap(Report report) {
    Random random = new Random(1);
    double[] first = random.doubles(BOOTSTRAP_ROWS).toArray();
    double[] second = random.doubles(BOOTSTRAP_ROWS).toArray();
    Bootstrap.DEFAULT.mean(first);
    report.atMost(
        "bootstrap mean",
        Timing.seconds(() -> Bootstrap.DEFAULT.mean(first)),
        2,
        "s, 10,000 x 10,000");
    report.atMost(
        "bootstrap pair",
        Timing.seconds(() -> Bootstrap.DEFAULT.compare(first, second)),
        2,
        "s, 10,000 x 10,000");
  }

  /**
   * The bare model, up to its final norm, on batches without padding: rows sorted by length, in
   * batches of 2,048 tokens with their mean length.
   */
  private static final class PrefillCase implements AutoCloseable {

    private static final int BATCH_TOKENS = 2048;

    private final Decoder decoder;
    private final List<Batch> batches = new ArrayList<>();

    PrefillCase(Path folder, DType type, int[] lengths) {
      decoder = Architectures.declareDecoder(ModelConfig.read(folder));
      decoder.allocate(type);
      try (Checkpoint checkpoint = Checkpoint.open(folder)) {
        Weights.load(decoder, checkpoint);
      }
      int[] sorted = lengths.clone();
      Arrays.sort(sorted);
      for (int to = sorted.length; to > 0; ) {
        int rows = Math.min(to, Math.max(1, BATCH_TOKENS / sorted[to - 1]));
        double mean = Arrays.stream(sorted, to - rows, to).average().orElseThrow();
        batches.add(new Batch(rows, (int) Math.round(mean)));
        to -= rows;
      }
    }

    private record Batch(int rows, int length) {

      long tokens() {
        return (long) rows * length;
      }
    }

    /** Returns tokens per second. */
    double rate() {
      SplittableRandom random = new SplittableRandom(1);
      long begun = System.nanoTime();
      long values = 0;
      for (Batch batch : batches) {
        long[] ids = random.longs(batch.tokens(), 3, 500).toArray();
        long[] mask = new long[ids.length];
        Arrays.fill(mask, 1);
        try (Scope scope = Scope.open();
            Positions positions = decoder.positions(mask, batch.rows(), batch.length())) {
          Tensor tokens = Tensor.of(ids, batch.rows(), batch.length());
          values += decoder.hidden(Ops.inference(), tokens, positions, false).count();
        }
      }
      double seconds = Timing.since(begun);
      if (values == 0) {
        throw new IllegalStateException("The model was not run");
      }
      return batches.stream().mapToLong(Batch::tokens).sum() / seconds;
    }

    @Override
    public void close() {
      decoder.close();
    }
  }

  /** An evaluation killed halfway in a separate process, and resumed in this one. */
  record ResumeCase(Path folder, String precision, int items, Path replies) {

    private static final int KILLED = 9;
    private static final String ASKED = "asked ";

    void report(Report report, LanguageModel model) {
      OwnProcess half = OwnProcess.run(ResumeCase.class, folder, precision, items, replies);
      long before = (long) half.number(ASKED);
      Cost rest = evaluator().build().evaluate(Candidate.of(model)).cost();
      long all = rest.asked() + rest.kept();
      boolean nothingTwice = rest.kept() == before && before < all;
      report.line(
          "killed, gone on",
          "%d of %d requests asked before, %d after: nothing twice %s",
          before,
          all,
          rest.asked(),
          Report.verdict(nothingTwice));
    }

    private Evaluator.Builder evaluator() {
      Task task = new EvaluationQuestions().task(items);
      return Evaluator.builder().tasks(task).replies(replies).batch(16, 64);
    }

    /**
     * Evaluates, and halts the process without cleanup once half of the requests have been sent.
     */
    public static void main(String[] line) {
      ResumeCase resumeCase =
          new ResumeCase(Path.of(line[0]), line[1], Integer.parseInt(line[2]), Path.of(line[3]));
      Precision precision = line[1].equals("bf16") ? Precision.BF16 : Precision.FP32;
      try (LanguageModel model =
          LanguageModel.load(ModelSource.path(resumeCase.folder()), precision)) {
        resumeCase
            .evaluator()
            .listener(
                (name, done, all) -> {
                  if (2 * done >= all) {
                    System.out.println(ASKED + done);
                    System.out.flush();
                    Runtime.getRuntime().halt(KILLED);
                  }
                })
            .build()
            .evaluate(Candidate.of(model));
      }
    }
  }

  /** Evaluation questions on the example passages: which line continues a passage? */
  private static final class EvaluationQuestions {

    private static final int CHOICES = 4;

    private final List<String> passages;

    EvaluationQuestions() {
      FileDataset rows =
          Datasets.read(ExampleFiles.passages()).map(row -> new Example.Text("row")).open();
      passages =
          IntStream.range(0, rows.size())
              .mapToObj(i -> rows.source(i).orElseThrow().text("text"))
              .toList();
    }

    /** Returns a task of questions with four answers each. */
    Task task(int count) {
      List<Item> items = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String passage = passages.get(i % passages.size());
        int cut = cut(passage);
        List<String> choices = new ArrayList<>();
        choices.add(passage.substring(cut).strip());
        for (int other = 1; other < CHOICES; other++) {
          String from = passages.get((i + 31 * other) % passages.size());
          choices.add(from.substring(cut(from)).strip());
        }
        items.add(
            Tasks.choiceItem(
                String.valueOf(i + 1),
                passage.substring(0, cut).strip(),
                choices,
                " ",
                List.of(0),
                Map.of()));
      }
      return new Task(
          "passages", items, List.of(TaskMetric.mean("acc"), TaskMetric.mean("acc_norm")), false);
    }

    /** Returns requests with distinct contexts. */
    List<Request.Likelihood> requests(int count) {
      List<Request.Likelihood> requests = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String passage = passages.get(i);
        int cut = cut(passage);
        requests.add(
            new Request.Likelihood(
                passage.substring(0, cut).strip(), " " + passage.substring(cut).strip()));
      }
      return requests;
    }

    /** Returns a space near three quarters of a passage. */
    private static int cut(String passage) {
      return passage.lastIndexOf(' ', passage.length() * 3 / 4);
    }
  }
}
