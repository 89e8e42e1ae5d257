package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Linear embedding of patches: a convolution whose stride is its size, as a product.
 *
 * @param weight [hidden, values of a patch]
 * @param bias [hidden], or null
 */
record PatchEmbedding(Parameter weight, @Nullable Parameter bias) {

  /** Declares an embedding, with the shape in which checkpoints store its weight. */
  static PatchEmbedding declare(
      TowerWeights weights, String path, boolean bias, long hidden, long... kernel) {
    long values = 1;
    long[] stored = new long[kernel.length + 1];
    stored[0] = hidden;
    for (int i = 0; i < kernel.length; i++) {
      values *= kernel[i];
      stored[i + 1] = kernel[i];
    }
    return new PatchEmbedding(
        weights.add(Parameter.of(path + ".weight", hidden, values), stored),
        bias ? weights.add(Parameter.of(path + ".bias", hidden)) : null);
  }

  /** Embeds patches. Shape of the result: that of the patches, with the last size hidden. */
  Tensor forward(Ops ops, float[] patches, long... sizes) {
    Tensor x = Tensor.of(patches, sizes);
    DType type = weight.value().type();
    return ops.linear(type == DType.F32 ? x : x.copyAs(type), weight, bias);
  }
}
