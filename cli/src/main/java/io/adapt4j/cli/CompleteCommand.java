package io.adapt4j.cli;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.batch.BatchCompletion;
import io.adapt4j.core.batch.BatchReport;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.generate.CancellationToken;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Answers the rows of a file. */
@Command(
    name = "complete",
    description =
        "Answers every row of a file, several at a time, and writes their fields with the answers"
            + " as JSON lines. A command that was interrupted resumes where it stopped.",
    mixinStandardHelpOptions = true)
final class CompleteCommand implements Callable<Integer> {

  @Mixin private ModelArgument model;
  @Mixin private ModelSetup setup;
  @Mixin private Output output;
  @Mixin private SamplingArguments sampling;
  @Mixin private BeamArguments beams;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      required = true,
      description =
          "The rows: JSON lines, JSON, CSV, TSV or Parquet with a field prompt, text or messages,"
              + " unless --template names others.")
  private Path input;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      required = true,
      description = "The file to write.")
  private Path target;

  @Option(
      names = "--template",
      paramLabel = "TEXT",
      description = "The prompt of a row, with its fields in braces: 'Summarize: {body}'.")
  private @Nullable String template;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "Instructions before each prompt, where it is asked as a message.")
  private @Nullable String system;

  @Option(
      names = "--raw",
      description =
          "Continue the texts themselves, also where the model was trained on conversations.")
  private boolean raw;

  @Option(
      names = "--field",
      paramLabel = "NAME",
      defaultValue = "completion",
      description = "The field of the answer; default ${DEFAULT-VALUE}.")
  private String field;

  @Option(
      names = "--parallel",
      paramLabel = "N",
      defaultValue = "8",
      description = "Number of rows answered at the same time; default ${DEFAULT-VALUE}.")
  private int parallel;

  @Option(names = "--overwrite", description = "Begin anew, and replace the output in the end.")
  private boolean overwrite;

  CompleteCommand() {}

  @Override
  public Integer call() {
    Destination.rows("--input", input);
    target = Destination.file("--output", target, overwrite, "--input", input);
    Path folder = model.folder();
    if (Sequences.are(folder)) {
      return write(folder);
    }
    beams.requireNone();
    try (LanguageModel opened = setup.load(folder)) {
      return run(BatchCompletion.of(opened));
    }
  }

  /** Generates with an encoder-decoder model. */
  private int write(Path folder) {
    sampling.requireNone();
    setup.requireNoTemplate();
    Sequences.refuse(Map.of("--raw", raw));
    Sequences.refuse(Map.of("--system", system != null));
    try (SequenceToSequenceModel opened = Sequences.load(folder, setup.adapters())) {
      return run(BatchCompletion.of(opened.asGenerator(beams.options(sampling.limit()))));
    }
  }

  private int run(BatchCompletion batch) {
    CancellationToken stop = new CancellationToken();
    try (Interruption interruption = new Interruption(stop::cancel)) {
      batch
          .options(sampling.options())
          .field(field)
          .cancellation(stop)
          .listener(new BatchProgress(output.err()));
      SamplingArguments.set("--parallel", () -> batch.requests(parallel));
      if (template != null) {
        batch.template(PromptTemplate.of(template.replace("\\n", "\n")));
      }
      if (system != null) {
        batch.system(system);
      }
      if (raw) {
        batch.raw();
      }
      if (overwrite) {
        batch.overwrite();
      }
      BatchReport report = batch.run(Datasets.read(input), target);
      return BatchProgress.finish(report, output);
    }
  }
}
