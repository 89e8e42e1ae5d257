package io.adapt4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.FineTunePlan;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what a run will do. */
@Command(
    name = "plan",
    description =
        "Shows what a run will do: steps, rows, what trains, the memory it will take. Reads no"
            + " weights unless steps are timed.",
    mixinStandardHelpOptions = true)
final class PlanCommand implements Callable<Integer> {

  @Mixin private RunArgument run;
  @Mixin private Output output;

  @Option(
      names = "--time",
      paramLabel = "STEPS",
      description = "Perform so many steps to tell how long the run will take; writes nothing.")
  private Integer timed;

  PlanCommand() {}

  @Override
  public Integer call() {
    FineTuner tuner = run.readToLook().builder().build();
    FineTunePlan plan = timed == null ? tuner.plan() : tuner.plan(Device.current(), timed);
    return output.write(Wording.of(plan.text()), json(plan));
  }

  private static JsonNode json(FineTunePlan plan) {
    ObjectNode json = (ObjectNode) Output.parsed(plan.json());
    ArrayNode notes = json.putArray("notes");
    plan.notes().forEach(note -> notes.add(Wording.of(note)));
    return json;
  }
}
