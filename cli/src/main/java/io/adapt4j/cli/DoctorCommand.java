package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.internal.provenance.MachineReport;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Checks that everything a run needs is available. */
@Command(
    name = "doctor",
    description = "Shows what is here to run on, and what is wrong with it.",
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {

  @Mixin private Output output;

  DoctorCommand() {}

  @Override
  public Integer call() {
    MachineReport report = MachineReport.here();
    ObjectNode found = report.found();
    RunDescription.methods().forEach(found.putArray("methods")::add);
    report.problems().forEach(found.putArray("problems")::add);
    output.write(text(found), found);
    return report.problems().isEmpty() ? ExitCode.OK : ExitCode.FINDINGS;
  }

  private static String text(ObjectNode found) {
    StringBuilder text = new StringBuilder();
    found
        .properties()
        .forEach(
            property -> {
              String value =
                  property.getValue().isTextual()
                      ? property.getValue().textValue()
                      : property.getValue().toString();
              text.append(String.format("%-16s%s%n", property.getKey(), value));
            });
    return text.toString();
  }
}
