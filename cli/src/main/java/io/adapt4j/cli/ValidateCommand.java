package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.quality.Check;
import io.adapt4j.core.data.quality.DataReport;
import io.adapt4j.core.finetune.RunDescription;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Checks a description and the data that it names. */
@Command(
    name = "validate",
    description = "Checks a run's description, its model and its data; trains nothing.",
    mixinStandardHelpOptions = true)
final class ValidateCommand implements Callable<Integer> {

  @Mixin private RunArgument run;
  @Mixin private Output output;

  @Option(
      names = "--fail-on",
      paramLabel = "SEVERITY",
      defaultValue = "ERROR",
      description = "Findings from which on the exit code is 1: ${COMPLETION-CANDIDATES}.")
  private Check.Severity failOn;

  ValidateCommand() {}

  @Override
  public Integer call() {
    RunDescription.Findings found = run.readToLook().check();
    DataReport report = found.data();
    boolean fails =
        report.checks().stream()
                .filter(check -> check.severity().compareTo(failOn) >= 0)
                .anyMatch(check -> report.count(check) > 0)
            || (!found.questions().isEmpty() && failOn.compareTo(Check.Severity.WARNING) <= 0);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("valid", !fails).put("failOn", failOn.name().toLowerCase(Locale.ROOT));
    found.questions().forEach(json.putArray("warnings")::add);
    json.set("data", Output.parsed(report.json()));
    output.write(
        Training.warnings(found.questions())
            + report.text()
            + (fails ? "Findings to put right first.\n" : "The run can start.\n"),
        json);
    return fails ? ExitCode.FINDINGS : ExitCode.OK;
  }
}
