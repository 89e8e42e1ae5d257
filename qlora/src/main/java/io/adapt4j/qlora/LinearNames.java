package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import java.util.LinkedHashSet;
import java.util.Set;

/** Finds the tensors of a checkpoint that Transformers would quantize. */
final class LinearNames {

  private LinearNames() {}

  /** Returns the checkpoint's names of a decoder's linear weights, except the output layer. */
  static Set<String> weights(ModelConfig config, Checkpoint checkpoint, Quantization options) {
    Set<String> weights = new LinkedHashSet<>();
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      Weights.check(decoder, checkpoint);
      new QuantizedWeights(options, true).install(decoder, checkpoint);
      decoder.packedLinears().forEach(packed -> weights.addAll(packed.stored().keySet()));
    }
    return weights;
  }
}
