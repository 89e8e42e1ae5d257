package io.adapt4j.lora;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.lora.internal.adapter.TableTarget;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import io.adapt4j.lora.internal.peft.ExpertParameters;
import io.adapt4j.lora.internal.peft.LinearLayers;
import java.util.ArrayList;
import java.util.List;

/** Compatibility warnings about versions of PEFT and other readers for an adapter trained here. */
final class PeftReaders {

  private PeftReaders() {}

  /**
   * Returns one warning for each group of readers that would reject the adapter or compute
   * something else.
   */
  static List<String> warnings(AdapterConfig config, AdapterPlan plan, Network network) {
    List<String> warnings = new ArrayList<>();
    boolean stacked =
        plan.adapted().stream()
            .anyMatch(part -> ExpertParameters.isStacked(part.part().path()) && !part.transposed());
    if (stacked) {
      warnings.add(
          "The adapter changes experts that lie in one tensor. It is written as PEFT 0.19 and later"
              + " reads it with Transformers 5; earlier versions have the two matrices on the other"
              + " sides and refuse it, or compute something else. Use it with those versions merged"
              + " into its base.");
    }
    boolean parameters = ExpertTargets.becomeParameters(plan);
    if (parameters && !ExpertTargets.isPlain(config)) {
      warnings.add(
          "The adapter changes MLPs of a mixture of experts with "
              + (config.dora() ? "DoRA" : "biases")
              + ", which PEFT refuses with Transformers 5, where the experts of a layer are one"
              + " tensor. Leave it out, or use the adapter with Transformers 4 or merged into its"
              + " base.");
    }
    if (ExpertTargets.hasHalf(plan)) {
      warnings.add(
          "The adapter changes one of the gate and up projections of experts, which PEFT refuses"
              + " with Transformers 5, where both are one tensor. Adapt both or none, or use the"
              + " adapter with Transformers 4 or merged into its base.");
    }
    if ((parameters || ExpertTargets.areNeeded(config, plan)) && config.dropout() > 0) {
      warnings.add(
          "Dropout acts in this run, but adapter_config.json will say lora_dropout 0: PEFT refuses"
              + " dropout on MLPs of mixtures with Transformers 5, even of an adapter that only"
              + " computes. Set it again where training goes on.");
    }
    if (ExpertTargets.areNeeded(config, plan)) {
      warnings.add(
          "The adapter changes a mixture of experts and names weights as target_parameters, which"
              + " PEFT has since 0.17; earlier versions leave these out. Use it with those versions"
              + " merged into its base.");
    }
    LinearLayers linear = LinearLayers.of(network);
    plan.adapted().stream()
        .map(AdaptedPart::origin)
        .filter(linear::refuse)
        .findFirst()
        .ifPresent(
            path ->
                warnings.add(
                    path
                        + " is adapted, which PEFT refuses in models of type "
                        + network.modelConfig().modelType()
                        + ". Leave it out of the targets, as all linear layers do, or use the"
                        + " adapter merged into its base."));
    if (config.dropout() > 0
        && plan.tables().stream().anyMatch(table -> table.kind() == TableTarget.Kind.LINEAR)) {
      warnings.add(
          "Dropout does not act on the update of the output head, whose sum with the weight is what"
              + " computes.");
    }
    return warnings;
  }
}
