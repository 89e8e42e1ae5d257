package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Vision transformer (Dosovitskiy et al. 2021): a class token and patches, with positions resized
 * to the size of the pictures.
 */
record VisionTransformer(
    TowerSizes sizes,
    PictureGrid grid,
    PatchEmbedding patches,
    ClassToken token,
    PositionTable positions,
    List<SequentialLayer> layers,
    Norm norm) {

  static VisionTransformer declare(
      TowerWeights weights,
      String path,
      TowerSizes sizes,
      PictureGrid grid,
      IntFunction<SequentialLayer> layer,
      Norm norm) {
    int hidden = sizes.hidden();
    String embeddings = path + ".embeddings.";
    return new VisionTransformer(
        sizes,
        grid,
        PatchEmbedding.declare(
            weights,
            embeddings + "patch_embeddings.projection",
            true,
            hidden,
            grid.channels(),
            grid.patch(),
            grid.patch()),
        ClassToken.declare(weights, embeddings + "cls_token", hidden, 1, 1, hidden),
        PositionTable.afterClass(weights, embeddings + "position_embeddings", grid.side(), hidden),
        IntStream.range(0, sizes.layers()).mapToObj(layer).map(weights::add).toList(),
        weights.add(norm));
  }

  /** Declares attention under the names of ViT. */
  static Attention attention(String path, TowerSizes sizes, boolean bias) {
    int width = sizes.hidden();
    return new Attention(
        LinearSlot.of(
            path + ".attention",
            width,
            bias,
            List.of("query", "key", "value"),
            width,
            width,
            width),
        LinearSlot.of(path + ".output.dense", width, true, width),
        Heads.grouped(sizes.heads(), sizes.heads(), sizes.headWidth()),
        null,
        Attention.NO_ROTARY,
        AttentionRule.bothWays(sizes.headWidth(), 0));
  }

  /** Computes the hidden states after the final norm, class token first [pictures, T, hidden]. */
  Tensor forward(Ops ops, PixelBatch pixels) {
    return grid.inParts(
        ops,
        pixels,
        (cut, from, count) -> {
          int rows = pixels.shape().get(2) / grid.patch();
          int columns = pixels.shape().get(3) / grid.patch();
          int length = rows * columns;
          if (length == 0) {
            throw new IllegalArgumentException(
                "pixels: expected pictures of at least %d x %d, found %s"
                    .formatted(grid.patch(), grid.patch(), pixels.shape()));
          }
          Tensor embedded = patches.forward(ops, cut, count, length, grid.patchValues());
          Tensor places = positions.forward(ops, positions.bicubic(rows, columns), count);
          Tensor x = ops.add(token.before(ops, embedded), places);
          Positions at = TowerLayers.positions(ops, null, count, length + 1, x.type());
          return norm.forward(ops, TowerLayers.run(ops, x, layers, at));
        });
  }
}
