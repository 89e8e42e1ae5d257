package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.Arrays;
import java.util.List;

/**
 * Tower and projector of LLaVA (Liu et al. 2023) and Pixtral: CLIP, SigLIP or Pixtral's tower up to
 * a layer, and two linear layers.
 */
final class LlavaTower implements PictureTower {

  private final TowerWeights weights = new TowerWeights("vision_tower.", "multi_modal_projector.");
  private final Backbone backbone;
  private final PlainMlp projector;

  /** Projected features of pictures and their numbers of tokens. */
  private interface Backbone {
    PictureFeatures project(Ops ops, PixelBatch pixels);
  }

  LlavaTower(ModelConfig model) {
    String type =
        model
            .fields()
            .child("vision_config")
            .flatMap(fields -> fields.optionalText("model_type"))
            .orElse("clip_vision_model");
    int width;
    if (type.equals("pixtral")) {
      ModelConfig vision = TowerSizes.part(model, "vision_config", "pixtral_vision");
      PixtralEncoder encoder = PixtralEncoder.declare(weights, "model.vision_tower", vision);
      int left = TwoLayers.left(model, encoder.sizes().layers(), -2);
      if (TwoLayers.dropsFirst(model, "default")) {
        throw model
            .fields()
            .invalid(
                "vision_feature_select_strategy",
                "full",
                "Pixtral's tower has no class token to leave out.");
      }
      backbone = (ops, pixels) -> ofPixtral(ops, pixels, encoder, left);
      width = encoder.sizes().hidden();
    } else {
      TileEncoder encoder = TileEncoder.declare(weights, model, type);
      int left = TwoLayers.left(model, encoder.sizes().layers(), -2);
      int first = TwoLayers.dropsFirst(model, "default") ? 1 : 0;
      backbone = (ops, pixels) -> ofTiles(ops, pixels, encoder, left, first);
      width = encoder.sizes().hidden();
    }
    boolean bias = model.fields().bool("multimodal_projector_bias", true);
    projector = TwoLayers.declare(weights, model, width, bias, 4096);
  }

  private PictureFeatures ofTiles(
      Ops ops, PixelBatch pixels, TileEncoder encoder, int left, int first) {
    Tensor features = projector.forward(ops, encoder.states(ops, pixels, left, first));
    return PictureFeatures.equal(
        TowerLayers.flat(ops, features), pixels.perPicture(), (int) features.size(1));
  }

  private PictureFeatures ofPixtral(Ops ops, PixelBatch pixels, PixtralEncoder encoder, int left) {
    Tensor features =
        encoder
            .groups(pixels)
            .compute(
                ops,
                group -> List.of(projector.forward(ops, encoder.forward(ops, pixels, group, left))))
            .get(0);
    int[] tokens = Arrays.stream(pixels.grids()).mapToInt(grid -> grid[1] * grid[2]).toArray();
    return new PictureFeatures(features, List.of(), tokens);
  }

  @Override
  public PictureFeatures forward(Ops ops, PixelBatch pixels) {
    try (Scope scope = Scope.open()) {
      PictureFeatures features = backbone.project(ops, pixels);
      scope.keep(features.rows());
      return features;
    }
  }

  @Override
  public TowerWeights weights() {
    return weights;
  }
}
