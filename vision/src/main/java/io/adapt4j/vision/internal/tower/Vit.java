package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;

/** ViT (Dosovitskiy et al. 2021): the class token is classified. */
final class Vit {

  private Vit() {}

  static PictureClassifier declare(ModelConfig config) {
    TowerWeights weights = new TowerWeights("");
    TowerSizes sizes = TowerSizes.read(config, TowerSizes.Defaults.VIT);
    boolean bias = config.fields().bool("qkv_bias", true);
    VisionTransformer network =
        VisionTransformer.declare(
            weights,
            "vit",
            sizes,
            PictureGrid.read(config.fields(), 16),
            i -> layer("vit.encoder.layer." + i, sizes, bias),
            LayerNorm.declare("vit.layernorm", sizes.hidden(), true, sizes.eps()));
    return new PictureClassifier(weights, config, network, false);
  }

  private static SequentialLayer layer(String at, TowerSizes sizes, boolean bias) {
    int width = sizes.hidden();
    return SequentialLayer.preNorm(
        LayerNorm.declare(at + ".layernorm_before", width, true, sizes.eps()),
        VisionTransformer.attention(at + ".attention", sizes, bias),
        LayerNorm.declare(at + ".layernorm_after", width, true, sizes.eps()),
        new PlainMlp(
            LinearSlot.of(at + ".intermediate.dense", width, true, sizes.inner()),
            LinearSlot.of(at + ".output.dense", sizes.inner(), true, width),
            sizes.activation()));
  }
}
