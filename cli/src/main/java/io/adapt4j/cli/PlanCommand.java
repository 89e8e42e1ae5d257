package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.FineTunePlan;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Tells what a run will do. */
@Command(
    name = "plan",
    description = "Tells what a run will do: steps, rows, what trains. Reads no weights.",
    mixinStandardHelpOptions = true)
final class PlanCommand implements Callable<Integer> {

  @Mixin private RunArgument run;
  @Mixin private Output output;

  PlanCommand() {}

  @Override
  public Integer call() {
    FineTunePlan plan = run.readToLook().builder().build().plan();
    String text =
        String.format(
            Locale.ROOT,
            "steps           %,d%n"
                + "rows            %,d to train on, %,d to validate on; %,d left out, %,d cut%n"
                + "trained tokens  %,d an epoch%n"
                + "trained values  %,d of %,d (%.2f %%)%n",
            plan.steps(),
            plan.trainExamples(),
            plan.validationExamples(),
            plan.leftOut(),
            plan.truncated(),
            plan.targetTokensPerEpoch(),
            plan.trainableParameters(),
            plan.totalParameters(),
            100 * plan.trainableRatio());
    output.write(
        text,
        JsonNodeFactory.instance
            .objectNode()
            .put("steps", plan.steps())
            .put("trainExamples", plan.trainExamples())
            .put("validationExamples", plan.validationExamples())
            .put("leftOut", plan.leftOut())
            .put("truncated", plan.truncated())
            .put("targetTokensPerEpoch", plan.targetTokensPerEpoch())
            .put("trainableParameters", plan.trainableParameters())
            .put("totalParameters", plan.totalParameters()));
    return ExitCode.OK;
  }
}
