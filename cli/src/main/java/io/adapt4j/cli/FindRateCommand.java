package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.train.LearningRateCurve;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a learning-rate range test. */
@Command(
    name = "lr-find",
    description =
        "Trains a few steps at growing learning rates and suggests one. Writes nothing. The exit"
            + " code is 1 if no rate made the loss fall.",
    mixinStandardHelpOptions = true)
final class FindRateCommand implements Callable<Integer> {

  private static final double FIRST_RATE = 1e-6;
  private static final double LAST_RATE = 1;

  @Mixin private RunArgument run;
  @Mixin private Output output;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "100",
      description = "Number of steps, 10 to 500; default ${DEFAULT-VALUE}.")
  private int steps;

  FindRateCommand() {}

  @Override
  public Integer call() {
    LearningRateCurve curve =
        run.readToLook().builder().build().findLearningRate(FIRST_RATE, LAST_RATE, steps);
    OptionalDouble rate = curve.suggestion();
    String advice =
        rate.isPresent()
            ? String.format(Locale.ROOT, "learningRate: %.1e%n", rate.getAsDouble())
            : "No rate made the loss fall; look at the data, or try more steps.\n";
    output.write(curve.toTable() + advice, json(curve));
    return rate.isPresent() ? ExitCode.OK : ExitCode.FINDINGS;
  }

  private static ObjectNode json(LearningRateCurve curve) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    curve.suggestion().ifPresent(rate -> json.put("learningRate", rate));
    json.put("diverged", curve.diverged());
    ArrayNode points = json.putArray("points");
    for (LearningRateCurve.Point point : curve.points()) {
      points
          .addObject()
          .put("rate", point.rate())
          .put("loss", point.loss())
          .put("smoothed", point.smoothed());
    }
    return json;
  }
}
