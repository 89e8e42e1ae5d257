package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The weights of a plain checkpoint to quantize. */
final class PlainSources {

  private final SkippedModules skipped;
  private final Network network;
  private final Checkpoint checkpoint;
  private final Set<String> unused;

  PlainSources(SkippedModules skipped, Network network, Checkpoint checkpoint) {
    this.skipped = skipped;
    this.network = network;
    this.checkpoint = checkpoint;
    this.unused = new TreeSet<>(skipped.names());
  }

  /**
   * Finds a weight; a missing or misshapen one stays plain and is reported with the others later.
   */
  Optional<PlainSource> find(Linear.Part part, Slice weight, long in) {
    unused.removeIf(module -> SkippedModules.names(module, part.path()));
    String stored = network.storedNames().find(weight.name(), checkpoint.names());
    List<Long> shape = weight.transposed() ? List.of(in, part.width()) : List.of(part.width(), in);
    if (skipped.contains(part.path())
        || !checkpoint.names().contains(stored)
        || !checkpoint.entry(stored).shape().equals(shape)) {
      return Optional.empty();
    }
    TensorEntry entry = new StoredWeight(checkpoint, stored, weight.transposed()).entry();
    return Optional.of(
        new PlainSource(weight.name(), stored, shape, entry.type(), weight.transposed()));
  }

  /** Requires that every module to skip was found. */
  void requireUsed() {
    if (!unused.isEmpty()) {
      throw new IllegalArgumentException(
          ("skipped: expected linear layers of %s, found %s, which names none. Embeddings,"
                  + " norms and the output layer are skipped anyway.")
              .formatted(checkpoint.folder(), unused));
    }
  }
}
