package io.adapt4j.cli;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.EvaluationListener;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.report.ReportWriter;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Evaluates a model. */
@Command(
    name = "eval",
    description =
        "Asks a model the questions of tasks and says how good it is; with an adapter, also"
            + " without it, and how the two compare.",
    mixinStandardHelpOptions = true)
final class EvalCommand implements Callable<Integer> {

  private static final String HTML = "report.html";
  private static final String MARKDOWN = "report.md";
  private static final String JSON = "report.json";

  @Mixin private ModelArgument model;
  @Mixin private ModelSetup setup;
  @Mixin private BeamArguments beams;
  @Mixin private Output output;

  @Option(
      names = "--tasks",
      paramLabel = "FILE",
      required = true,
      description = "The tasks, in YAML.")
  private Path tasks;

  @Option(
      names = "--chat",
      description = "Ask in the chat template, with prompts as a user's messages.")
  private boolean chat;

  @Option(names = "--no-base", description = "With --adapter: do not ask the model without it.")
  private boolean noBase;

  @Option(
      names = "--replies",
      paramLabel = "FOLDER",
      description =
          "Keep every reply here, so that a command that was cut off goes on, and a changed task"
              + " asks only what is new.")
  private @Nullable Path replies;

  @Option(
      names = "--report",
      paramLabel = "FOLDER",
      description = "Write report.html, report.md and report.json here.")
  private @Nullable Path report;

  @Option(names = "--overwrite", description = "Replace a report that is there.")
  private boolean overwrite;

  EvalCommand() {}

  @Override
  public Integer call() {
    requireDestinations();
    List<Task> read = Tasks.read(tasks);
    Path folder = model.folder();
    Evaluator.Builder builder = Evaluator.builder().tasks(read).listener(progress());
    if (replies != null) {
      builder.replies(replies);
    }
    Evaluator evaluator = builder.build();
    EvaluationReport tuned = null;
    if (setup.hasAdapters()) {
      tuned = evaluate(evaluator, "tuned", folder, setup.adapters());
    }
    if (tuned != null && noBase) {
      return write(ReportWriter.of(tuned));
    }
    EvaluationReport base =
        evaluate(evaluator, tuned == null ? "model" : "base", folder, List.of());
    return write(
        tuned == null
            ? ReportWriter.of(base)
            : ReportWriter.of(evaluator.compare(List.of(base, tuned))));
  }

  /** Checks destinations first, so that hours of answers are not lost to an unwritable path. */
  private void requireDestinations() {
    if (report != null) {
      Destination.folder("--report", report, overwrite, List.of(HTML, MARKDOWN, JSON));
    } else if (overwrite) {
      throw new IllegalArgumentException(
          "--overwrite: has no effect without --report. Leave it out.");
    }
    if (replies != null) {
      Destination.folder("--replies", replies);
    }
  }

  private EvaluationReport evaluate(
      Evaluator evaluator, String name, Path folder, List<Path> adapters) {
    if (Sequences.are(folder)) {
      setup.requireNoTemplate();
      Sequences.refuse(Map.of("--chat", chat));
      try (SequenceToSequenceModel opened = Sequences.load(folder, adapters)) {
        return evaluator.evaluate(
            name, Candidate.of(opened.asGenerator(beams.options(OptionalInt.empty()))));
      }
    }
    beams.requireNone();
    try (LanguageModel opened = adapters.isEmpty() ? setup.loadBase(folder) : setup.load(folder)) {
      return evaluator.evaluate(name, candidate(opened));
    }
  }

  private Candidate candidate(LanguageModel opened) {
    return chat ? Candidate.chat(opened) : Candidate.of(opened);
  }

  private int write(ReportWriter writer) {
    if (report != null) {
      writer.writeHtml(report.resolve(HTML));
      writer.writeMarkdown(report.resolve(MARKDOWN));
      writer.writeJson(report.resolve(JSON));
    }
    return output.write(writer.markdown(), Output.parsed(writer.json()));
  }

  private EvaluationListener progress() {
    long[] told = {System.nanoTime()};
    return (candidate, done, all) -> {
      long now = System.nanoTime();
      if (now - told[0] >= Duration.ofSeconds(10).toNanos()) {
        told[0] = now;
        output.err().println(candidate + ": " + done + " of " + all + " requests");
        output.err().flush();
      }
    };
  }
}
