package io.adapt4j.qlora;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.config.ModelConfig;
import io.adapt4j.core.model.Architectures;
import io.adapt4j.core.model.Decoder;
import io.adapt4j.core.model.Linear;
import io.adapt4j.core.model.Weights;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeSet;

/** Finds which tensors of a checkpoint Transformers would quantise. */
final class LinearNames {

  private LinearNames() {}

  /**
   * The module paths of a decoder's linear layers but the output layer, by the name of the weight
   * as the checkpoint has it.
   */
  static Set<String> weights(ModelConfig config, Checkpoint checkpoint, QuantiseOptions options) {
    Set<String> weights = new LinkedHashSet<>();
    Set<String> unused = new TreeSet<>(options.skipped());
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      Weights.check(decoder, checkpoint);
      for (var slot : decoder.linears()) {
        for (Linear.Part part : slot.parts()) {
          unused.removeIf(module -> QuantiseOptions.names(module, part.path()));
          if (!options.skips(part.path())) {
            weights.add(decoder.storedNames().find(part.path() + ".weight", checkpoint.names()));
          }
        }
      }
    }
    if (!unused.isEmpty()) {
      throw new IllegalArgumentException(
          "skipped: expected linear layers of "
              + config.fields().file()
              + ", found "
              + unused
              + ", which names none. Embeddings, norms and the output layer are skipped anyway.");
    }
    return weights;
  }
}
