package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.Arrays;
import java.util.List;

/**
 * Image tower of SigLIP 2 for pictures in their own proportions (NaFlex, Tschannen et al. 2025):
 * rows of patches, with positions resized to the grid of each.
 */
record Siglip2Encoder(
    TowerSizes sizes,
    int values,
    PatchEmbedding patches,
    PositionTable positions,
    List<SequentialLayer> layers,
    LayerNorm norm) {

  static Siglip2Encoder declare(TowerWeights weights, String path, ModelConfig vision) {
    ConfigReader fields = vision.fields();
    TowerSizes sizes = TowerSizes.read(vision, TowerSizes.Defaults.SIGLIP);
    int patch = fields.positiveInt("patch_size", TowerSizes.Defaults.SIGLIP.patch());
    int values = Math.multiplyExact(fields.positiveInt("num_channels", 3), patch * patch);
    int places = fields.positiveInt("num_patches", 256);
    int side = (int) Math.sqrt(places);
    if (side * side != places) {
      throw fields.invalid("num_patches", "a square number", "Correct the value.");
    }
    return new Siglip2Encoder(
        sizes,
        values,
        PatchEmbedding.declare(
            weights, path + ".embeddings.patch_embedding", true, sizes.hidden(), values),
        PositionTable.declare(
            weights, path + ".embeddings.position_embedding.weight", side, sizes.hidden()),
        TowerLayers.declare(weights, path, sizes, false),
        weights.add(
            LayerNorm.declare(path + ".post_layernorm", sizes.hidden(), true, sizes.eps())));
  }

  /** Groups the pictures or tiles of a batch by their grids. */
  GridGroups groups(PixelBatch pixels) {
    List<Integer> shape = pixels.shape();
    if (shape.size() != 3 || shape.get(2) != values || pixels.grids().length != shape.get(0)) {
      throw new IllegalArgumentException(
          "pixels: expected a grid and rows of patches of %d values for each picture, found %s"
              .formatted(values, shape));
    }
    return GridGroups.of(
        Arrays.stream(pixels.grids()).map(grid -> new int[] {grid[1], grid[2]}).toList());
  }

  /**
   * Computes the hidden states of a group after the final norm.
   *
   * @return [pictures, patches, hidden]
   */
  Tensor forward(Ops ops, PixelBatch pixels, GridGroups.Group group) {
    int padded = pixels.shape().get(1) * values;
    int used = group.length() * values;
    float[] rows = new float[Math.multiplyExact(group.count(), used)];
    for (int i = 0; i < group.count(); i++) {
      System.arraycopy(pixels.values(), group.entries().get(i) * padded, rows, i * used, used);
    }
    Positions at =
        TowerLayers.positions(
            ops, null, group.count(), group.length(), positions.table().value().type());
    Tensor embedded = patches.forward(ops, rows, group.count(), group.length(), values);
    Tensor places =
        positions.forward(ops, positions.bilinear(group.rows(), group.columns()), group.count());
    return norm.forward(ops, TowerLayers.run(ops, ops.add(embedded, places), layers, at));
  }
}
