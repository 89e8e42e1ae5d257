package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.train.StopReason;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Runs a tuner on the command line. */
final class Training {

  private Training() {}

  /**
   * Adds the listeners of a command-line run: progress, on standard error if standard output is
   * JSON, and metrics in its folder.
   */
  static FineTuner tuner(FineTuner.Builder builder, Path folder, Output output, boolean reports) {
    PrintStream progress = output.isJson() ? System.err : System.out;
    FineTuner tuner =
        builder
            .listener(new WordedProgress(progress))
            .listener(
                reports
                    ? TrainingListeners.files(folder)
                    : TrainingListeners.jsonl(folder.resolve(TrainingListeners.METRICS)))
            .build();
    progress.print(warnings(tuner.questions()));
    return tuner;
  }

  /** Runs until completion or interruption. */
  static FineTuneReport run(FineTuner tuner, Output output, String resumption) {
    Runnable stop =
        () -> {
          output.err().println("Stopping after the present step, and saving ...");
          output.err().flush();
          tuner.stop();
        };
    try (Interruption interruption = new Interruption(stop)) {
      FineTuneReport report = tuner.run();
      if (interruption.happened()) {
        output.err().println(resumption);
        output.err().flush();
      }
      return report;
    }
  }

  /** Returns the warnings about a run, one per line. */
  static String warnings(List<String> questions) {
    return questions.stream()
        .map(question -> "Warning: " + question + "\n")
        .collect(Collectors.joining());
  }

  static int exitCode(FineTuneReport report) {
    return report.reason() == StopReason.STOP_REQUESTED ? ExitCode.INTERRUPTED : ExitCode.OK;
  }

  static ObjectNode json(FineTuneReport report) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("reason", report.reason().name().toLowerCase(Locale.ROOT));
    json.put("steps", report.steps());
    json.put("firstLoss", report.firstLoss());
    json.put("lastLoss", report.lastLoss());
    json.put("outcome", report.outcome().name().toLowerCase(Locale.ROOT));
    report.initialValidationLoss().ifPresent(loss -> json.put("initialValidationLoss", loss));
    report.bestValidationLoss().ifPresent(loss -> json.put("bestValidationLoss", loss));
    report.lastValidationLoss().ifPresent(loss -> json.put("lastValidationLoss", loss));
    report.bestMetrics().forEach(json.putObject("bestMetrics")::put);
    ArrayNode warnings = json.putArray("warnings");
    report.warnings().forEach(warning -> warnings.add(Wording.of(warning.text())));
    report.plan().questions().forEach(question -> warnings.add(Wording.of(question)));
    report.plan().dataFindings().forEach(finding -> warnings.add(Wording.of(finding)));
    json.put("seconds", report.elapsed().toMillis() / 1000.0);
    json.put("best", report.best().toString());
    json.put("last", report.last().toString());
    return json;
  }
}
