package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.packed.Installation;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The weights that a checkpoint stores in 4 bits. */
final class FourBitSources implements Installation.Parts<FourBitPart> {

  private final Optional<FourBitFormat> wanted;
  private final Network network;
  private final Checkpoint checkpoint;
  private final FourBitReader reader;
  private final Set<String> unused;

  /** Lists the weights. */
  FourBitSources(Optional<FourBitFormat> wanted, Network network, Checkpoint checkpoint) {
    this.wanted = wanted;
    this.network = network;
    this.checkpoint = checkpoint;
    this.reader = new FourBitReader(checkpoint);
    this.unused = new TreeSet<>(reader.weights());
  }

  @Override
  public Optional<FourBitPart> find(Linear.Part part, Slice weight, long in) {
    String stored = network.storedNames().find(weight.name(), checkpoint.names());
    if (!unused.remove(stored)) {
      return Optional.empty();
    }
    Map<String, List<Long>> components = reader.components(stored);
    QuantState state = reader.state(stored);
    List<Long> shape = List.of(part.width(), in);
    if (!state.shape().equals(shape)) {
      throw Problems.inTensor(
          checkpoint.entry(stored),
          "a weight of " + shape + ", as config.json has it",
          state.shape().toString(),
          Problems.DAMAGED);
    }
    requireWanted(stored, state.format());
    return Optional.of(
        new FourBitPart(part, in, new FourBitSource(weight.name(), stored, state, components)));
  }

  private void requireWanted(String stored, FourBitFormat found) {
    if (wanted.isPresent() && !wanted.get().equals(found)) {
      throw Problems.inTensor(
          checkpoint.entry(stored),
          wanted.get().description() + ", as was asked for",
          found.description(),
          "Load the checkpoint as it is stored, without a format, or quantize the original one.");
    }
  }

  /** Requires that every quantized weight was used. */
  void requireUsed() {
    if (!unused.isEmpty()) {
      String first = unused.iterator().next();
      throw Problems.inTensor(
          checkpoint.entry(first),
          "4-bit weights in linear layers only, the output layer over the vocabulary left out",
          unused.size() + " others",
          "Write the checkpoint as a plain one with QuantizedCheckpoint.dequantize.");
    }
  }
}
