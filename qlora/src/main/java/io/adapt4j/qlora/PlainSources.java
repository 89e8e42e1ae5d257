package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.Parameter.Slice;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The weights of a plain checkpoint that are to be quantised. */
final class PlainSources implements Installation.Sources {

  private final QuantiseOptions options;
  private final Network network;
  private final Checkpoint checkpoint;
  private final Set<String> unused;

  PlainSources(QuantiseOptions options, Network network, Checkpoint checkpoint) {
    this.options = options;
    this.network = network;
    this.checkpoint = checkpoint;
    this.unused = new TreeSet<>(options.skipped());
  }

  /** A weight that is missing or misshapen stays plain, to be reported with all others like it. */
  @Override
  public Optional<WeightSource> find(Linear.Part part, Slice weight, long in) {
    unused.removeIf(module -> QuantiseOptions.names(module, part.path()));
    String stored = network.storedNames().find(weight.name(), checkpoint.names());
    List<Long> shape = weight.transposed() ? List.of(in, part.width()) : List.of(part.width(), in);
    if (options.skips(part.path())
        || !checkpoint.names().contains(stored)
        || !checkpoint.entry(stored).shape().equals(shape)) {
      return Optional.empty();
    }
    TensorEntry entry = new StoredWeight(checkpoint, stored, weight.transposed()).entry();
    return Optional.of(
        new PlainSource(
            weight.name(),
            stored,
            shape,
            entry.type(),
            weight.transposed(),
            options.quantization()));
  }

  /**
   * Requires that every module to skip was there.
   *
   * @throws IllegalArgumentException if one was not
   */
  void requireUsed() {
    if (!unused.isEmpty()) {
      throw new IllegalArgumentException(
          "skipped: expected linear layers of "
              + checkpoint.folder()
              + ", found "
              + unused
              + ", which names none. Embeddings, norms and the output layer are skipped anyway.");
    }
  }
}
