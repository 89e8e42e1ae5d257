package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.QueryKeyNorm;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the towers of Qwen 2-VL, 2.5-VL and 3-VL have in common: patches of two frames in their own
 * grid, square of neighbors by square, rotary positions by row and column, and a merger of each
 * square.
 */
abstract class QwenTower implements PictureTower {

  static final String PATH = "model.visual";
  static final double EPS = 1e-6;
  private static final double THETA = 10_000;

  final TowerWeights weights = new TowerWeights("visual.");
  final ModelConfig vision;
  final int hidden;
  final int heads;
  final int merge;
  private final int patchValues;
  private final PatchEmbedding patches;
  private final GridRotary rotary;

  QwenTower(ModelConfig vision, int defaultHidden, int defaultPatch, boolean bias) {
    this(vision, "hidden_size", defaultHidden, defaultPatch, bias);
  }

  QwenTower(ModelConfig vision, String width, int defaultHidden, int defaultPatch, boolean bias) {
    this.vision = vision;
    ConfigReader fields = vision.fields();
    hidden = fields.positiveInt(width, defaultHidden);
    heads = fields.positiveInt("num_heads", 16);
    fields.requireDivisor("num_heads", heads, width, hidden);
    if (hidden / heads % 4 != 0) {
      throw fields.invalid(
          "num_heads", "heads of a multiple of 4 entries", "Correct it or " + width + ".");
    }
    double theta =
        fields.child("rope_parameters").orElse(fields).positiveNumber("rope_theta", THETA);
    rotary = GridRotary.equal(hidden / heads, theta);
    merge = fields.positiveInt("spatial_merge_size", 2);
    int channels = fields.positiveInt("in_channels", fields.positiveInt("in_chans", 3));
    int frames = fields.positiveInt("temporal_patch_size", 2);
    int patch = fields.positiveInt("patch_size", defaultPatch);
    patchValues = Math.multiplyExact(channels * frames, patch * patch);
    patches =
        PatchEmbedding.declare(
            weights, PATH + ".patch_embed.proj", bias, hidden, channels, frames, patch, patch);
  }

  /** Declares attention with one stored projection for queries, keys and values. */
  final Attention attention(String path) {
    return attention(path, true, null);
  }

  /** Declares attention with norms of queries and keys, or null. */
  final Attention attention(String path, boolean bias, @Nullable QueryKeyNorm norm) {
    int width = hidden / heads;
    return new Attention(
        LinearSlot.of(path + ".qkv", hidden, bias, 3L * hidden),
        LinearSlot.of(path + ".proj", hidden, bias, hidden),
        Heads.grouped(heads, heads, width),
        norm,
        0,
        AttentionRule.bothWays(width, 0));
  }

  /**
   * Runs the layers on a group.
   *
   * @param x embedded patches [frames, patches, hidden], square by square
   * @return the merged features, and those for later layers [frames, tokens, text width]
   */
  abstract List<Tensor> run(Ops ops, Tensor x, GridGroups.Group group);

  @Override
  public final PictureFeatures forward(Ops ops, PixelBatch pixels) {
    List<Integer> shape = pixels.shape();
    List<int[]> frames = new ArrayList<>();
    List<Integer> starts = new ArrayList<>();
    int[] perPicture = new int[pixels.grids().length];
    int at = 0;
    for (int i = 0; i < perPicture.length; i++) {
      int[] grid = pixels.grids()[i];
      if (grid[1] % merge != 0 || grid[2] % merge != 0) {
        throw new IllegalArgumentException(
            "pixels: expected grids of multiples of %d, found %d x %d"
                .formatted(merge, grid[1], grid[2]));
      }
      for (int frame = 0; frame < grid[0]; frame++) {
        frames.add(new int[] {grid[1], grid[2]});
        starts.add(at);
        at += grid[1] * grid[2];
      }
      perPicture[i] = grid[0] * grid[1] * grid[2] / (merge * merge);
    }
    if (shape.size() != 2 || shape.get(1) != patchValues || shape.get(0) != at) {
      throw new IllegalArgumentException(
          "pixels: expected %d patches of %d values, found %s".formatted(at, patchValues, shape));
    }
    try (Scope scope = Scope.open()) {
      List<Tensor> features =
          GridGroups.of(frames)
              .compute(ops, group -> run(ops, embedded(ops, pixels, starts, group), group));
      features.forEach(scope::keep);
      return new PictureFeatures(
          features.get(0), List.copyOf(features.subList(1, features.size())), perPicture);
    }
  }

  private Tensor embedded(
      Ops ops, PixelBatch pixels, List<Integer> starts, GridGroups.Group group) {
    int size = group.length() * patchValues;
    float[] values = new float[Math.multiplyExact(group.count(), size)];
    for (int i = 0; i < group.count(); i++) {
      int start = starts.get(group.entries().get(i)) * patchValues;
      System.arraycopy(pixels.values(), start, values, i * size, size);
    }
    return patches.forward(ops, values, group.count(), group.length(), patchValues);
  }

  /** Returns the positions of a grid's patches, square by square, in row-major order. */
  final long[] order(GridGroups.Group group) {
    return TowerLayers.squares(group.rows(), group.columns(), merge, 0);
  }

  /** Computes the cosines and sines of patches of a group. */
  final RotaryTable rotary(GridGroups.Group group, long[] places, DType type, long... sizes) {
    return rotary.table(places, group.columns(), type, sizes);
  }

  /** Joins the patches of each square. */
  final Tensor squares(Ops ops, Tensor x) {
    int area = merge * merge;
    return TowerLayers.shaped(ops, x, x.size(0), x.size(1) / area, x.size(2) * area);
  }

  @Override
  public final TowerWeights weights() {
    return weights;
  }
}
