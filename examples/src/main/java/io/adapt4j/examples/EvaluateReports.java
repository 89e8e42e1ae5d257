package io.adapt4j.examples;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.failure.Corrections;
import io.adapt4j.eval.failure.FailureAnalysis;
import io.adapt4j.eval.failure.Slice;
import io.adapt4j.eval.report.ReportWriter;
import io.adapt4j.eval.task.Task;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Evaluates the shipped model of children's stories and writes the results: an HTML page, a text
 * for a pull request, JSON for a build, and the failures as rows to correct.
 *
 * <p>{@code EvaluateReports [OUTPUT [ADAPTER]]}, run from the root of the repository. With an
 * adapter, such as the one the quick start trains, the tuned model is compared with its base.
 */
public final class EvaluateReports {

  private static final Path STORIES = Path.of("models/stories260K");

  private EvaluateReports() {}

  /**
   * Runs the example.
   *
   * @param arguments the folder to write, {@code runs/evaluation} by default, and an adapter
   */
  public static void main(String[] arguments) {
    Path output = Path.of(arguments.length > 0 ? arguments[0] : "runs/evaluation");
    Optional<Path> adapter =
        arguments.length > 1 ? Optional.of(Path.of(arguments[1])) : Optional.empty();
    run(Path.of("examples"), output, adapter, task -> task);
  }

  static void run(
      Path examples, Path output, Optional<Path> adapter, UnaryOperator<Task> selection) {
    StoryTasks tasks = new StoryTasks(examples);
    Evaluator evaluator =
        Evaluator.builder()
            .tasks(
                selection.apply(tasks.endings()),
                selection.apply(tasks.stories()),
                selection.apply(tasks.plays()))
            .build();
    ModelSource model = ModelSource.path(examples.resolve(STORIES));

    EvaluationReport base;
    try (LanguageModel loaded = LanguageModel.load(model)) {
      base = evaluator.evaluate("base", Candidate.of(loaded));
    }
    EvaluationReport last = base;
    ReportWriter writer = ReportWriter.of(base);
    if (adapter.isPresent()) {
      try (LanguageModel loaded = LanguageModel.load(model, LoraAdapter.at(adapter.get()))) {
        last = evaluator.evaluate("tuned", Candidate.of(loaded, "adapter " + adapter.get()));
      }
      writer = ReportWriter.of(evaluator.compare(List.of(base, last)));
    }
    writer.writeHtml(output.resolve("report.html"));
    writer.writeMarkdown(output.resolve("report.md"));
    writer.writeJson(output.resolve("report.json"));

    FailureAnalysis endings = FailureAnalysis.of(last.result("endings"));
    int rows = Corrections.write(endings, output.resolve("corrections.jsonl"));
    print(endings);
    System.out.printf(
        "%d failures to correct in %s, reports beside it%n",
        rows, output.resolve("corrections.jsonl"));
  }

  private static void print(FailureAnalysis endings) {
    System.out.println("Wrong endings by hero:");
    for (Slice slice : endings.slices("hero")) {
      System.out.printf("  %-14s %d of %d%n", slice.name(), slice.failures(), slice.items());
    }
  }
}
