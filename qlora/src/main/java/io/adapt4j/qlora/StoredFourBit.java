package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.packed.Installation;
import java.util.Optional;

/** Mechanics of keeping 4-bit weights as stored in a checkpoint. */
record StoredFourBit(Optional<FourBitFormat> wanted) implements WeightMechanics {

  @Override
  public String description() {
    return wanted.map(FourBitFormat::description).orElse("4 bits as stored");
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    FourBitSources sources = new FourBitSources(wanted, declared, checkpoint);
    Installation.install(declared.linears(), sources, FourBitLinear::new);
    sources.requireUsed();
  }
}
