package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.LayerScale;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.tape.Parameter;

/**
 * DINOv2 (Oquab et al. 2023): learned factors of each branch; the class token and the mean of the
 * patches are classified.
 */
final class Dinov2 {

  private Dinov2() {}

  static PictureClassifier declare(ModelConfig config) {
    TowerWeights weights = new TowerWeights("");
    weights.ignore("(dinov2\\.)?embeddings\\.mask_token");
    TowerSizes read = TowerSizes.read(config, TowerSizes.Defaults.DINO);
    double ratio = config.fields().positiveNumber("mlp_ratio", 4);
    TowerSizes sizes =
        new TowerSizes(
            read.hidden(),
            (int) (read.hidden() * ratio),
            read.layers(),
            read.heads(),
            read.activation(),
            read.eps());
    boolean bias = config.fields().bool("qkv_bias", true);
    boolean gated = config.fields().bool("use_swiglu_ffn", false);
    VisionTransformer network =
        VisionTransformer.declare(
            weights,
            "dinov2",
            sizes,
            PictureGrid.read(config.fields(), 14),
            i -> layer("dinov2.encoder.layer." + i, sizes, bias, gated),
            LayerNorm.declare("dinov2.layernorm", sizes.hidden(), true, sizes.eps()));
    return new PictureClassifier(weights, config, network, true);
  }

  private static SequentialLayer layer(String at, TowerSizes sizes, boolean bias, boolean gated) {
    int width = sizes.hidden();
    return new SequentialLayer(
        LayerNorm.declare(at + ".norm1", width, true, sizes.eps()),
        VisionTransformer.attention(at + ".attention", sizes, bias),
        new LayerScale(Parameter.of(at + ".layer_scale1.lambda1", width)),
        LayerNorm.declare(at + ".norm2", width, true, sizes.eps()),
        gated ? gated(at + ".mlp", sizes) : TowerLayers.mlp(at + ".mlp", sizes, "fc1", "fc2"),
        new LayerScale(Parameter.of(at + ".layer_scale2.lambda1", width)),
        1);
  }

  /** Declares the gated MLP of the largest model, of two thirds of the width in steps of 8. */
  private static Mlp gated(String path, TowerSizes sizes) {
    int inner = ((int) (sizes.inner() * 2.0 / 3) + 7) / 8 * 8;
    return new GatedMlp(
        LinearSlot.of(path + ".weights_in", sizes.hidden(), true, 2L * inner),
        LinearSlot.of(path + ".weights_out", inner, true, sizes.hidden()),
        Activation.SILU);
  }
}
