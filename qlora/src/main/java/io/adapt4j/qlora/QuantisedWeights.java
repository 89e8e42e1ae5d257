package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.Packing;
import io.adapt4j.core.internal.nn.WeightMechanics;
import java.util.Optional;

/** Holds the linear layers of a network in 4 bits. */
record QuantisedWeights(QuantiseOptions options) implements WeightMechanics {

  @Override
  public String description() {
    return options.description();
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    PlainSources sources = new PlainSources(options, declared, checkpoint);
    Installation.install(declared.layerLinears(), sources);
    sources.requireUsed();
  }

  @Override
  public Packing packing() {
    return (part, in) ->
        options.skips(part.path())
            ? Optional.empty()
            : Optional.of(options.quantization().bytes(part.width() * in));
  }
}
