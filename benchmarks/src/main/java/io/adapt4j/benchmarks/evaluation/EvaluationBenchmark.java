package io.adapt4j.benchmarks.evaluation;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.LlamaShape;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Cost;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.task.Task;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Overhead of evaluation: scoring compared with the model's prefill, everything outside the model,
 * the bootstrap, and resuming a run killed halfway.
 */
@InSuite(quick = "--requests 192 --rounds 3", full = "")
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
}
