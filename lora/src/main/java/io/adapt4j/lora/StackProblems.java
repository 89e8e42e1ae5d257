package io.adapt4j.lora;

import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.lora.internal.layer.LoftQ;
import io.adapt4j.lora.internal.peft.LayerRanges;
import io.adapt4j.lora.internal.peft.LoraBias;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reasons why an adapter does not go with the order of a model's layers. */
final class StackProblems {

  private StackProblems() {}

  static List<String> of(AdapterConfig config, Network network) {
    Optional<LayerStack> present = network.modelConfig().layerStack();
    if (!config.layerStack().equals(present)) {
      return List.of(
          ("The adapter is for a model with %s, but here the model has %s. Adapters on one model"
                  + " have its layers in one order; put others on the model that"
                  + " LoraAdapter.writeMerged or the command merge writes.")
              .formatted(said(config.layerStack()), said(present)));
    }
    if (present.isEmpty()) {
      return List.of();
    }
    List<String> problems = new ArrayList<>();
    if (config.bias() != LoraBias.NONE) {
      problems.add(
          "bias '%s' trains biases that the copies of a layer share (%s %s); leave one of the two out."
              .formatted(config.bias().peftName(), LayerRanges.FIELD, present.get()));
    }
    if (config.initial().leavesResidual() || config.loftq().isUsed()) {
      problems.add(
          "%s changes weights that the copies of a layer share (%s %s); leave one of the two out."
              .formatted(
                  config.loftq().isUsed() ? LoftQ.INITIALIZATION : config.initial().peftName(),
                  LayerRanges.FIELD,
                  present.get()));
    }
    return problems;
  }

  private static String said(Optional<LayerStack> stack) {
    return stack
        .map(ranges -> LayerRanges.FIELD + " " + ranges)
        .orElse("its layers as they are stored");
  }
}
