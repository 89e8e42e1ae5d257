package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;

/**
 * Tower and projector of PaliGemma (Beyer et al. 2024): SigLIP and a linear layer, divided by the
 * factor with which Gemma multiplies its embeddings.
 */
final class PaliGemmaTower implements PictureTower {

  private final TowerWeights weights = new TowerWeights("vision_tower.", "multi_modal_projector.");
  private final SiglipEncoder encoder;
  private final LinearSlot projection;
  private final double factor;

  PaliGemmaTower(ModelConfig model) {
    encoder = SiglipEncoder.inside(weights, model);
    int width = model.fields().positiveInt("projection_dim", 2048);
    int text = model.text().fields().positiveInt("hidden_size", 2048);
    if (width != text) {
      throw model
          .fields()
          .invalid(
              "projection_dim",
              "hidden_size " + text + " of the text model",
              "Correct one of them.");
    }
    projection =
        weights.add(
            LinearSlot.of(
                "model.multi_modal_projector.linear", encoder.sizes().hidden(), true, width));
    factor = 1 / Math.sqrt(text);
  }

  @Override
  public PictureFeatures forward(Ops ops, PixelBatch pixels) {
    try (Scope scope = Scope.open()) {
      Tensor states = encoder.forward(ops, pixels);
      Tensor features = ops.scaled(projection.forward(ops, states), factor);
      return PictureFeatures.equal(
          scope.keep(TowerLayers.flat(ops, features)),
          pixels.perPicture(),
          encoder.side() * encoder.side());
    }
  }

  @Override
  public TowerWeights weights() {
    return weights;
  }
}
