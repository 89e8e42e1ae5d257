package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Image tower of SigLIP (Zhai et al. 2023): patches of pictures of one size, learned positions,
 * layers without a class token, and a final norm.
 *
 * @param side patches along a side of a full picture
 */
record SiglipEncoder(
    TowerSizes sizes,
    int channels,
    int patch,
    int side,
    PatchEmbedding patches,
    Parameter positions,
    List<SequentialLayer> layers,
    LayerNorm norm) {

  /** Pooling head that a model of texts and pictures has and a tower does not use. */
  static final String UNUSED_HEAD = "(model\\.)?vision_tower\\.(vision_model\\.)?head\\..*";

  /** Patches that run through the layers at once. */
  private static final int MOST_PATCHES = 16_384;

  /**
   * Placement of the patches of a picture or tile.
   *
   * @param rows rows of the position table
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

  /** Declares the tower. */
  static SiglipEncoder declare(
      TowerWeights weights, String path, ModelConfig vision, TowerSizes.Defaults defaults) {
    ConfigReader fields = vision.fields();
    TowerSizes sizes = TowerSizes.read(vision, defaults);
    int channels = fields.positiveInt("num_channels", 3);
    int patch = fields.positiveInt("patch_size", defaults.patch());
    int side = fields.positiveInt("image_size", 224) / patch;
    if (side < 1) {
      throw fields.invalid("image_size", "at least patch_size " + patch, "Correct one of the two.");
    }
    return new SiglipEncoder(
        sizes,
        channels,
        patch,
        side,
        PatchEmbedding.declare(
            weights,
            path + ".embeddings.patch_embedding",
            true,
            sizes.hidden(),
            channels,
            patch,
            patch),
        weights.add(
            Parameter.of(
                path + ".embeddings.position_embedding.weight",
                (long) side * side,
                sizes.hidden())),
        TowerLayers.declare(weights, path, sizes, false),
        weights.add(
            LayerNorm.declare(path + ".post_layernorm", sizes.hidden(), true, sizes.eps())));
  }

  /**
   * Computes the hidden states of pictures of the full size after the final norm.
   *
   * @return [pictures, patches, hidden]
   */
  Tensor forward(Ops ops, PixelBatch pixels) {
    return norm.forward(ops, layers(ops, pixels));
  }

  /** Computes the hidden states of pictures of the full size before the final norm. */
  Tensor layers(Ops ops, PixelBatch pixels) {
    requireSize(pixels);
    long[] rows = new long[side * side];
    Arrays.setAll(rows, i -> i);
    return layers(ops, pixels, picture -> new Placed(rows, null));
  }

  private void requireSize(PixelBatch pixels) {
    int least = side * patch;
    List<Integer> shape = pixels.shape();
    if (shape.size() != 4
        || shape.get(1) != channels
        || shape.get(2) / patch != side
        || shape.get(3) / patch != side) {
      throw new IllegalArgumentException(
          "pixels: expected [pictures, %d, %d, %d], found %s; the sizes in preprocessor_config.json"
                  .formatted(channels, least, least, shape)
              + " and config.json differ");
    }
  }

  /** Computes the hidden states of pictures before the final norm, in passes of bounded size. */
  Tensor layers(Ops ops, PixelBatch pixels, IntFunction<Placed> placement) {
    List<Integer> shape = pixels.shape();
    int pictures = shape.get(0);
    int height = shape.get(2);
    int width = shape.get(3);
    int length = (height / patch) * (width / patch);
    int atOnce = Math.max(1, MOST_PATCHES / length);
    List<Tensor> parts = new ArrayList<>();
    for (int from = 0; from < pictures; from += atOnce) {
      int count = Math.min(atOnce, pictures - from);
      float[] cut =
          PatchEmbedding.cut(pixels.values(), from, count, channels, height, width, patch);
      parts.add(part(ops, cut, from, count, length, placement));
    }
    return parts.size() == 1
        ? parts.get(0)
        : TowerLayers.shaped(ops, TowerLayers.joined(ops, parts), pictures, length, sizes.hidden());
  }

  private Tensor part(
      Ops ops, float[] cut, int from, int count, int length, IntFunction<Placed> placement) {
    long[] rows = new long[count * length];
    long[] mask = new long[count * length];
    boolean padded = false;
    for (int i = 0; i < count; i++) {
      Placed placed = placement.apply(from + i);
      System.arraycopy(placed.rows(), 0, rows, i * length, length);
      if (placed.mask() == null) {
        Arrays.fill(mask, i * length, (i + 1) * length, 1);
      } else {
        System.arraycopy(placed.mask(), 0, mask, i * length, length);
        padded = true;
      }
    }
    try (Scope scope = Scope.open();
        Positions at = TowerLayers.positions(padded ? mask : null, count, length, type())) {
      Tensor embedded = patches.forward(ops, cut, count, length, patchValues());
      Tensor x = ops.add(embedded, ops.embedding(Tensor.of(rows, count, length), positions));
      return scope.keep(TowerLayers.run(ops, x, layers, at));
    }
  }

  private long patchValues() {
    return (long) channels * patch * patch;
  }

  private DType type() {
    return positions.value().type();
  }
}
