package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.Arrays;
import java.util.List;

/**
 * Tower and projector of Mistral Small 3.1 (Mistral AI 2025): Pixtral's tower, a norm, squares of
 * patches merged by a matrix, and two linear layers. Rows and columns that fill no square are left
 * out.
 */
final class Mistral3Tower implements PictureTower {

  private final TowerWeights weights = new TowerWeights("vision_tower.", "multi_modal_projector.");
  private final PixtralEncoder encoder;
  private final RmsNorm norm;
  private final LinearSlot merger;
  private final PlainMlp projector;
  private final int left;
  private final int merge;

  Mistral3Tower(ModelConfig model) {
    ModelConfig vision = TowerSizes.part(model, "vision_config", "pixtral_vision");
    encoder = PixtralEncoder.declare(weights, "model.vision_tower", vision);
    left = TwoLayers.left(model, encoder.sizes().layers(), -1);
    merge = model.fields().positiveInt("spatial_merge_size", 2);
    int width = encoder.sizes().hidden();
    double eps = model.text().fields().positiveNumber("rms_norm_eps", 1e-5);
    norm = weights.add(RmsNorm.declare(TwoLayers.PROJECTOR + "norm", width, 0, eps));
    merger =
        weights.add(
            LinearSlot.of(
                TwoLayers.PROJECTOR + "patch_merger.merging_layer",
                (long) width * merge * merge,
                false,
                width));
    boolean bias = model.fields().bool("multimodal_projector_bias", false);
    projector = TwoLayers.declare(weights, model, width, bias, 5120);
  }

  @Override
  public PictureFeatures forward(Ops ops, PixelBatch pixels) {
    try (Scope scope = Scope.open()) {
      Tensor features =
          encoder
              .groups(pixels)
              .compute(ops, group -> List.of(projected(ops, pixels, group)))
              .get(0);
      int[] tokens =
          Arrays.stream(pixels.grids())
              .mapToInt(grid -> grid[1] / merge * (grid[2] / merge))
              .toArray();
      return new PictureFeatures(scope.keep(features), List.of(), tokens);
    }
  }

  private Tensor projected(Ops ops, PixelBatch pixels, GridGroups.Group group) {
    Tensor states = norm.forward(ops, encoder.forward(ops, pixels, group, left));
    int rows = group.rows() / merge;
    int columns = group.columns() / merge;
    int area = merge * merge;
    long[] order = new long[group.count() * rows * columns * area];
    for (int i = 0; i < order.length; i++) {
      int square = i / area % (rows * columns);
      int row = square / columns * merge + i % area / merge;
      int column = square % columns * merge + i % merge;
      int picture = i / (rows * columns * area);
      order[i] = (long) picture * group.length() + (long) row * group.columns() + column;
    }
    Tensor squares =
        TowerLayers.rows(ops, states, order, order.length / area, area, states.size(2));
    Tensor merged = merger.forward(ops, TowerLayers.byChannel(ops, squares));
    Tensor features = projector.forward(ops, merged);
    return TowerLayers.shaped(
        ops, features, group.count(), (long) rows * columns, features.size(2));
  }

  @Override
  public TowerWeights weights() {
    return weights;
  }
}
