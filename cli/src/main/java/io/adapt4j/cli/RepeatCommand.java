package io.adapt4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.provenance.Provenance;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Repeats a recorded run. */
@Command(
    name = "repeat",
    description =
        "Does the run of a record again, after comparing model, data, tokenizer and template with"
            + " their hashes, and reports whether the losses are the same.",
    mixinStandardHelpOptions = true)
final class RepeatCommand implements Callable<Integer> {

  private static final List<String> COMPARED = List.of("trainingLoss", "validationLoss");

  @Parameters(
      paramLabel = "PROVENANCE.JSON",
      description = "The record, or a folder of a run or checkpoint that has one.")
  private Path file;

  @Mixin private Output output;

  @Option(
      names = "--output",
      paramLabel = "FOLDER",
      description = "Output folder; default next to the recorded run, its name with -repeat.")
  private Path target;

  RepeatCommand() {}

  @Override
  public Integer call() {
    if (target != null) {
      Destination.newFolder("--output", target);
    }
    Provenance record = Provenance.read(file);
    FineTuner.Builder builder = FineTuner.repeat(file);
    Path folder = target != null ? target : besideThat(record);
    FineTuner tuner = Training.tuner(builder.output(folder), folder, output, true);
    FineTuneReport report =
        Training.run(
            tuner, output, "Interrupted; a repeated run starts from the beginning each time.");
    ObjectNode json = Training.json(report);
    JsonNode before = record.json().path("metrics");
    JsonNode now = Provenance.read(report.last()).json().path("metrics");
    if (!before.path("step").equals(now.path("step"))) {
      json.putNull("same");
      output.write(
          "%sThe record is of step %s, so its losses are not those of the end."
              .formatted(Wording.of(report.text()), before.path("step")),
          json);
      return Training.exitCode(report);
    }
    boolean same = COMPARED.stream().allMatch(text -> before.path(text).equals(now.path(text)));
    json.put("same", same);
    output.write(
        Wording.of(report.text())
            + (same
                ? "The losses are those of the record."
                : "The losses differ from the record: " + before + " was, is " + now),
        json);
    return same ? Training.exitCode(report) : ExitCode.FINDINGS;
  }

  /** Returns the default output: the recorded run's folder with a suffix. */
  private static Path besideThat(Provenance record) {
    String recorded = record.configuration().path("output").asText();
    if (recorded.isEmpty()) {
      throw new IllegalArgumentException(
          "--output: expected a folder, since the record names none. Give one.");
    }
    return Destination.newFolder("--output", Path.of(recorded + "-repeat"));
  }
}
