package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.List;

/**
 * Tower and projector of LFM2-VL (Liquid AI 2025): SigLIP 2 on tiles in their own proportions,
 * squares of neighbors joined, and an MLP.
 */
final class Lfm2Tower implements PictureTower {

  private static final String PROJECTOR = "model.multi_modal_projector.";

  private final TowerWeights weights = new TowerWeights("vision_tower.", "multi_modal_projector.");
  private final Siglip2Encoder encoder;
  private final Norm norm;
  private final PlainMlp mlp;
  private final int factor;

  Lfm2Tower(ModelConfig model) {
    ConfigReader fields = model.fields();
    ModelConfig vision = TowerSizes.part(model, "vision_config", "siglip2_vision_model");
    encoder = Siglip2Encoder.declare(weights, "model.vision_tower.vision_model", vision);
    weights.ignore(SiglipEncoder.UNUSED_HEAD);
    factor = fields.positiveInt("downsample_factor", 2);
    int width = Math.multiplyExact(encoder.sizes().hidden(), factor * factor);
    norm =
        fields.bool("projector_use_layernorm", true)
            ? weights.add(LayerNorm.declare(PROJECTOR + "layer_norm", width, true, 1e-5))
            : Norm.NONE;
    int inner = fields.positiveInt("projector_hidden_size", 2560);
    boolean bias = fields.bool("projector_bias", true);
    int text = model.text().fields().positiveInt("hidden_size", 2560);
    mlp =
        new PlainMlp(
            weights.add(LinearSlot.of(PROJECTOR + "linear_1", width, bias, inner)),
            weights.add(LinearSlot.of(PROJECTOR + "linear_2", inner, bias, text)),
            Activations.read(model, "projector_hidden_act", "gelu"));
  }

  @Override
  public PictureFeatures forward(Ops ops, PixelBatch pixels) {
    for (int[] grid : pixels.grids()) {
      if (grid[1] % factor != 0 || grid[2] % factor != 0) {
        throw new IllegalArgumentException(
            "pixels: expected grids of multiples of %d, found %d x %d"
                .formatted(factor, grid[1], grid[2]));
      }
    }
    try (Scope scope = Scope.open()) {
      GridGroups groups = encoder.groups(pixels);
      Tensor features = groups.compute(ops, group -> List.of(projected(ops, pixels, group))).get(0);
      int[] perPicture = new int[pixels.perPicture().length];
      int tile = 0;
      for (int i = 0; i < perPicture.length; i++) {
        for (int k = 0; k < pixels.perPicture()[i]; k++) {
          int[] grid = pixels.grids()[tile++];
          perPicture[i] += grid[1] * grid[2] / (factor * factor);
        }
      }
      return new PictureFeatures(scope.keep(features), List.of(), perPicture);
    }
  }

  private Tensor projected(Ops ops, PixelBatch pixels, GridGroups.Group group) {
    Tensor states = encoder.forward(ops, pixels, group);
    long[] order =
        TowerLayers.squares(group.rows(), group.columns(), factor, group.length(), group.count());
    int area = factor * factor;
    Tensor joined =
        TowerLayers.rows(
            ops,
            states,
            order,
            group.count(),
            group.length() / area,
            (long) encoder.sizes().hidden() * area);
    return mlp.forward(ops, norm.forward(ops, joined));
  }

  @Override
  public TowerWeights weights() {
    return weights;
  }
}
