package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tower and projector of PaddleOCR-VL (PaddlePaddle 2025): SigLIP's layers on pictures in their own
 * proportions, with interpolated and rotary positions; squares of patches joined, two linear
 * layers.
 */
final class PaddleOcrTower implements PictureTower {

  private static final String PATH = "model.visual.vision_model";
  private static final double PROJECTOR_EPS = 1e-5;

  private final TowerWeights weights = new TowerWeights("visual.", "projector.");
  private final PictureGrid grid;
  private final PatchEmbedding patches;
  private final PositionTable positions;
  private final GridRotary rotary;
  private final List<SequentialLayer> layers;
  private final LayerNorm last;
  private final LayerNorm norm;
  private final PlainMlp projector;
  private final int merge;

  PaddleOcrTower(ModelConfig model) {
    ModelConfig vision = TowerSizes.part(model, "vision_config", "paddleocr_vl_vision");
    ConfigReader fields = vision.fields();
    TowerSizes sizes = TowerSizes.read(vision, TowerSizes.Defaults.PADDLE);
    grid = PictureGrid.read(fields, TowerSizes.Defaults.PADDLE.patch(), 384);
    if (sizes.headWidth() % 4 != 0) {
      throw fields.invalid(
          "num_attention_heads", "heads of a multiple of 4 entries", "Correct it or hidden_size.");
    }
    int hidden = sizes.hidden();
    weights.ignore(
        "(model\\.)?visual\\.vision_model\\.(head\\..*|embeddings\\.packing_position_embedding\\..*)");
    patches =
        PatchEmbedding.declare(
            weights,
            PATH + ".embeddings.patch_embedding",
            true,
            hidden,
            grid.channels(),
            grid.patch(),
            grid.patch());
    positions =
        PositionTable.declare(
            weights, PATH + ".embeddings.position_embedding.weight", grid.side(), hidden);
    double theta =
        fields.child("rope_parameters").orElse(fields).positiveNumber("rope_theta", 10_000);
    rotary = GridRotary.equal(sizes.headWidth(), theta);
    layers = TowerLayers.declare(weights, PATH, sizes, false, 0);
    last = weights.add(LayerNorm.declare(PATH + ".post_layernorm", hidden, true, sizes.eps()));
    merge = fields.positiveInt("spatial_merge_size", 2);
    norm = weights.add(LayerNorm.declare("model.projector.pre_norm", hidden, true, PROJECTOR_EPS));
    int square = hidden * merge * merge;
    projector =
        new PlainMlp(
            weights.add(LinearSlot.of("model.projector.linear_1", square, true, square)),
            weights.add(
                LinearSlot.of(
                    "model.projector.linear_2", square, true, TwoLayers.textWidth(model, 1024))),
            Activation.GELU);
  }

  @Override
  public PictureFeatures forward(Ops ops, PixelBatch pixels) {
    List<int[]> frames = new ArrayList<>();
    List<Integer> starts = new ArrayList<>();
    int[] tokens = new int[pixels.grids().length];
    int at = 0;
    for (int i = 0; i < tokens.length; i++) {
      int[] own = pixels.grids()[i];
      if (own[1] % merge != 0 || own[2] % merge != 0) {
        throw new IllegalArgumentException(
            "pixels: expected grids of multiples of %d, found %d x %d"
                .formatted(merge, own[1], own[2]));
      }
      for (int frame = 0; frame < own[0]; frame++) {
        frames.add(new int[] {own[1], own[2]});
        starts.add(at);
        at += own[1] * own[2];
      }
      tokens[i] = own[0] * own[1] * own[2] / (merge * merge);
    }
    if (pixels.shape().get(0) != at || pixels.values().length != at * grid.patchValues()) {
      throw new IllegalArgumentException(
          "pixels: expected %d patches of %d values, found %s"
              .formatted(at, grid.patchValues(), pixels.shape()));
    }
    try (Scope scope = Scope.open()) {
      Tensor features =
          GridGroups.of(frames)
              .compute(ops, group -> List.of(projected(ops, pixels, starts, group)))
              .get(0);
      return new PictureFeatures(scope.keep(features), List.of(), tokens);
    }
  }

  private Tensor projected(
      Ops ops, PixelBatch pixels, List<Integer> starts, GridGroups.Group group) {
    int values = Math.toIntExact(grid.patchValues());
    int size = group.length() * values;
    float[] rows = new float[Math.multiplyExact(group.count(), size)];
    for (int i = 0; i < group.count(); i++) {
      int start = starts.get(group.entries().get(i)) * values;
      System.arraycopy(pixels.values(), start, rows, i * size, size);
    }
    Tensor embedded = patches.forward(ops, rows, group.count(), group.length(), values);
    float[] resizing = positions.cornered(group.rows(), group.columns());
    Tensor x = ops.add(embedded, positions.forward(ops, resizing, group.count()));
    long[] places = new long[group.length()];
    Arrays.setAll(places, i -> i);
    Positions at =
        TowerLayers.positions(
            ops, rotary.table(places, group.columns(), x.type(), group.length()), group.count());
    Tensor states = last.forward(ops, TowerLayers.run(ops, x, layers, at));
    int area = merge * merge;
    long[] order =
        TowerLayers.squares(group.rows(), group.columns(), merge, group.length(), group.count());
    Tensor normed = norm.forward(ops, states);
    return projector.forward(
        ops,
        TowerLayers.rows(
            ops, normed, order, group.count(), group.length() / area, normed.size(2) * area));
  }

  @Override
  public TowerWeights weights() {
    return weights;
  }
}
