package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Image tower of SigLIP (Zhai et al. 2023): patches of pictures of one size, learned positions,
 * layers without a class token, and a final norm.
 */
record SiglipEncoder(
    TowerSizes sizes,
    PictureGrid grid,
    PatchEmbedding patches,
    Parameter positions,
    List<SequentialLayer> layers,
    Norm norm) {

  /** Pooling head that a model of texts and pictures has and a tower does not use. */
  static final String UNUSED_HEAD = "(model\\.)?vision_tower\\.(vision_model\\.)?head\\..*";

  /**
   * Placement of the patches of a picture or tile.
   *
   * @param mask 1 where a patch shows something; null if all do
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Placed(long[] rows, long @Nullable [] mask) {}

  /** Declares the tower inside of a model. */
  static SiglipEncoder inside(TowerWeights weights, ModelConfig model) {
    ModelConfig vision = TowerSizes.part(model, "vision_config", "siglip_vision_model");
    weights.ignore(UNUSED_HEAD);
    return declare(weights, "model.vision_tower.vision_model", vision, TowerSizes.Defaults.SIGLIP);
  }

  /** Declares the tower without its final norm. */
  static SiglipEncoder withoutNorm(TowerWeights weights, String path, ModelConfig vision) {
    return declare(weights, path, vision, TowerSizes.Defaults.SIGLIP, Norm.NONE);
  }

  /** Declares the tower. */
  static SiglipEncoder declare(
      TowerWeights weights, String path, ModelConfig vision, TowerSizes.Defaults defaults) {
    TowerSizes sizes = TowerSizes.read(vision, defaults);
    Norm last = LayerNorm.declare(path + ".post_layernorm", sizes.hidden(), true, sizes.eps());
    return declare(weights, path, vision, defaults, last);
  }

  private static SiglipEncoder declare(
      TowerWeights weights,
      String path,
      ModelConfig vision,
      TowerSizes.Defaults defaults,
      Norm last) {
    TowerSizes sizes = TowerSizes.read(vision, defaults);
    PictureGrid grid = PictureGrid.read(vision.fields(), defaults.patch());
    int hidden = sizes.hidden();
    String embeddings = path + ".embeddings.";
    return new SiglipEncoder(
        sizes,
        grid,
        PatchEmbedding.declare(
            weights,
            embeddings + "patch_embedding",
            true,
            hidden,
            grid.channels(),
            grid.patch(),
            grid.patch()),
        weights.add(Parameter.of(embeddings + "position_embedding.weight", grid.patches(), hidden)),
        TowerLayers.declare(weights, path, sizes, false),
        weights.add(last));
  }

  int side() {
    return grid.side();
  }

  /**
   * Computes the hidden states of pictures of the full size after the final norm.
   *
   * @return [pictures, patches, hidden]
   */
  Tensor forward(Ops ops, PixelBatch pixels) {
    return norm.forward(ops, layers(ops, pixels, 0));
  }

  /**
   * Computes the hidden states of pictures of the full size before the final norm, without the last
   * {@code left} layers.
   */
  Tensor layers(Ops ops, PixelBatch pixels, int left) {
    grid.require(pixels);
    long[] rows = new long[grid.patches()];
    Arrays.setAll(rows, i -> i);
    return layers(ops, pixels, picture -> new Placed(rows, null), left);
  }

  /** Computes the hidden states of pictures before the final norm. */
  Tensor layers(Ops ops, PixelBatch pixels, IntFunction<Placed> placement, int left) {
    return grid.inParts(
        ops, pixels, (cut, from, count) -> part(ops, cut, from, count, placement, left));
  }

  private Tensor part(
      Ops ops, float[] cut, int from, int count, IntFunction<Placed> placement, int left) {
    int length = Math.toIntExact(cut.length / grid.patchValues() / count);
    long[] rows = new long[count * length];
    long[] mask = new long[count * length];
    Arrays.fill(mask, 1);
    boolean padded = false;
    for (int i = 0; i < count; i++) {
      Placed placed = placement.apply(from + i);
      System.arraycopy(placed.rows(), 0, rows, i * length, length);
      if (placed.mask() != null) {
        System.arraycopy(placed.mask(), 0, mask, i * length, length);
        padded = true;
      }
    }
    Positions at =
        TowerLayers.positions(ops, padded ? mask : null, count, length, positions.value().type());
    Tensor embedded = patches.forward(ops, cut, count, length, grid.patchValues());
    Tensor x = ops.add(embedded, ops.embedding(Tensor.of(rows, count, length), positions));
    return TowerLayers.run(ops, x, layers.subList(0, layers.size() - left), at);
  }
}
