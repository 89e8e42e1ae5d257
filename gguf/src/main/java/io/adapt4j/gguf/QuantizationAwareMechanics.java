package io.adapt4j.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.ForwardingMechanics;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Mechanics of training a LoRA adapter over weights rounded with it. */
final class QuantizationAwareMechanics extends ForwardingMechanics {

  private final QuantizationAware chosen;

  QuantizationAwareMechanics(QuantizationAware chosen) {
    super(chosen.lora());
    this.chosen = chosen;
  }

  @Override
  public QuantizationAware chosen() {
    return chosen;
  }

  @Override
  public String identity() {
    return "%s over weights rounded to %s every %d updates"
        .formatted(method.identity(), chosen.type(), chosen.every());
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    List<String> problems = new ArrayList<>(method.problems(declared, base));
    if (!declared.packedLinears().isEmpty()) {
      problems.add(
          "Weights that are rounded while training have to be plain, but those of the base are held"
              + " packed; give the original checkpoint, without 4 bits.");
    }
    layerStack()
        .ifPresent(
            stack ->
                problems.add(
                    "Weights cannot be rounded with the updates of several layers that share them"
                        + " (layerReplication %s); leave one of the two out.".formatted(stack)));
    Optional<ObjectNode> options = Methods.named("lora").write(chosen.lora());
    if (options.filter(written -> isOn(written, "dora") || isOn(written, "biasOfB")).isPresent()) {
      problems.add(
          "Weights cannot be rounded under DoRA or biases of B, which change more than the"
              + " weight; use plain LoRA.");
    }
    return problems;
  }

  private static boolean isOn(ObjectNode options, String option) {
    return options.path(option).asBoolean(false);
  }

  /** Returns the number of values held twice: frozen matrices keep their originals. */
  @Override
  public long copiedValues(Network declared) {
    if (chosen.type() == GgufQuantization.F32) {
      return 0;
    }
    TrainableSummary summary = trainableSummary(declared);
    return declared.parameters().stream()
        .filter(parameter -> parameter.sizes().length == 2 && !summary.trains(parameter))
        .mapToLong(Parameter::count)
        .sum();
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    Adaptation adaptation = method.attach(network, base, seed);
    try {
      return new RoundedAdaptation(
          adaptation,
          RoundedWeights.of(network, GgufExport.of(base).type(chosen.type()).types()),
          chosen.every());
    } catch (RuntimeException | Error e) {
      adaptation.close();
      throw e;
    }
  }
}
