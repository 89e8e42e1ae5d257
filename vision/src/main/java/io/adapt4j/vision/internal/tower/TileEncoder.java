package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PixelBatch;

/** CLIP's or SigLIP's tower inside of a model that reads the hidden states of one of its layers. */
record TileEncoder(TowerSizes sizes, PictureGrid grid, Layers layers) {

  /** Part of the name of the norm after the last layer, which is not read. */
  private static final String UNUSED =
      "(model\\.)?vision_tower\\.(vision_model\\.)?post_layernorm\\..*";

  private static final String PATH = "model.vision_tower.vision_model";

  /** Hidden states without the last layers. */
  interface Layers {
    Tensor states(Ops ops, PixelBatch pixels, int left);
  }

  /** Declares the tower of a type. */
  static TileEncoder declare(TowerWeights weights, ModelConfig model, String type) {
    weights.ignore(UNUSED);
    weights.ignore(SiglipEncoder.UNUSED_HEAD);
    if (type.equals("clip_vision_model")) {
      ClipEncoder clip =
          ClipEncoder.declare(weights, PATH, TowerSizes.part(model, "vision_config", type));
      return new TileEncoder(clip.sizes(), clip.grid(), clip::layers);
    }
    if (type.equals("siglip_vision_model")) {
      SiglipEncoder siglip =
          SiglipEncoder.withoutNorm(weights, PATH, TowerSizes.part(model, "vision_config", type));
      return new TileEncoder(siglip.sizes(), siglip.grid(), siglip::layers);
    }
    throw model
        .fields()
        .invalid(
            "vision_config",
            "model_type clip_vision_model, siglip_vision_model or pixtral",
            "This build has no such image tower.");
  }

  /** Returns the hidden states of pictures of the full size. */
  Tensor states(Ops ops, PixelBatch pixels, int left, int first) {
    Tensor states = layers.states(ops, pixels, left);
    return first == 0 ? states : TowerLayers.without(ops, states, first);
  }
}
