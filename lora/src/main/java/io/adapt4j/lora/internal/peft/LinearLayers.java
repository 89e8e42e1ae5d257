package io.adapt4j.lora.internal.peft;

import io.adapt4j.core.internal.nn.Network;
import java.util.Set;

/**
 * The projections of {@code Targets.ALL_LINEAR}: those that every version of PEFT treats as linear
 * layers and adapts.
 */
public record LinearLayers(Set<String> mixtures, boolean mamba) {

  /** Model types whose {@code out_proj} PEFT rejects. */
  private static final Set<String> MAMBA = Set.of("falcon_h1", "mamba", "mamba2", "falcon_mamba");

  private static final Set<String> REFUSED = Set.of("out_proj", "conv1d");

  private static final Set<String> OUTPUTS = Set.of("classifier", "score");

  public static LinearLayers of(Network network) {
    return new LinearLayers(
        ExpertNames.mixtures(network), isMamba(network.modelConfig().modelType()));
  }

  private static boolean isMamba(String modelType) {
    return MAMBA.contains(modelType);
  }

  /** Returns whether PEFT rejects a projection by name. */
  public boolean refuse(String path) {
    return mamba && REFUSED.contains(ExpertNames.leaf(path));
  }

  /** Returns whether a projection is among all linear layers. */
  public boolean contain(String path) {
    return !OUTPUTS.contains(path)
        && !ExpertParameters.isStacked(path)
        && !ExpertNames.isRouter(path, mixtures)
        && !refuse(path);
  }
}
