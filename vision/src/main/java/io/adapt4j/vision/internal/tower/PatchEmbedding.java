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

  /**
   * Cuts pictures into patches, row by row; what does not fill a patch is left out.
   *
   * @param pixels [pictures, channels, height, width]
   * @param from first picture
   * @return [pictures, patches, channels * patch * patch]
   */
  static float[] cut(
      float[] pixels, int from, int pictures, int channels, int height, int width, int patch) {
    int rows = height / patch;
    int columns = width / patch;
    float[] patches =
        new float[Math.multiplyExact(pictures * rows * columns, channels * patch * patch)];
    int at = 0;
    for (int picture = from; picture < from + pictures; picture++) {
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          for (int channel = 0; channel < channels; channel++) {
            int start = ((picture * channels + channel) * height + row * patch) * width;
            for (int y = 0; y < patch; y++) {
              System.arraycopy(pixels, start + y * width + column * patch, patches, at, patch);
              at += patch;
            }
          }
        }
      }
    }
    return patches;
  }
}
