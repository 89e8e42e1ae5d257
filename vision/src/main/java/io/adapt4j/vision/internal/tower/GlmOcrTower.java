package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.QueryKeyNorm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.List;

/**
 * Tower of GLM-OCR (Z.ai 2026): norms of queries and keys, squares of patches merged by a
 * convolution, and a gated MLP.
 */
final class GlmOcrTower extends QwenTower {

  private static final double MERGER_EPS = 1e-5;

  private final List<SequentialLayer> layers = new ArrayList<>();
  private final RmsNorm last;
  private final PatchEmbedding downsample;
  private final LinearSlot projection;
  private final LayerNorm norm;
  private final GatedMlp mlp;

  GlmOcrTower(ModelConfig model) {
    super(TowerSizes.part(model, "vision_config", "glm_ocr_vision"), 1024, 14, true);
    ConfigReader fields = vision.fields();
    double eps = fields.positiveNumber("rms_norm_eps", 1e-5);
    boolean bias = fields.bool("attention_bias", true);
    int inner = fields.positiveInt("intermediate_size", 4096);
    Activation activation = Activations.read(vision, "hidden_act", "silu");
    int width = hidden / heads;
    for (int i = 0; i < fields.positiveInt("depth", 24); i++) {
      String at = PATH + ".blocks." + i;
      QueryKeyNorm norms =
          new QueryKeyNorm(
              RmsNorm.declare(at + ".attn.q_norm", width, 0, eps),
              RmsNorm.declare(at + ".attn.k_norm", width, 0, eps),
              true,
              false);
      layers.add(
          weights.add(
              SequentialLayer.preNorm(
                  RmsNorm.declare(at + ".norm1", hidden, 0, eps),
                  attention(at + ".attn", bias, norms),
                  RmsNorm.declare(at + ".norm2", hidden, 0, eps),
                  gated(at + ".mlp", hidden, inner, bias, activation))));
    }
    last = weights.add(RmsNorm.declare(PATH + ".post_layernorm", hidden, 0, eps));
    int out = fields.positiveInt("out_hidden_size", 1536);
    downsample =
        PatchEmbedding.declare(weights, PATH + ".downsample", true, out, hidden, merge, merge);
    projection = weights.add(LinearSlot.of(PATH + ".merger.proj", out, false, out));
    norm =
        weights.add(
            LayerNorm.declare(PATH + ".merger.post_projection_norm", out, true, MERGER_EPS));
    int context = Math.multiplyExact(out, fields.positiveInt("in_channels", 3));
    mlp = gated(PATH + ".merger", out, context, false, activation);
    mlp.linears().forEach(weights::add);
  }

  private static GatedMlp gated(
      String path, int width, int inner, boolean bias, Activation activation) {
    return new GatedMlp(
        LinearSlot.of(path, width, bias, List.of("gate_proj", "up_proj"), inner, inner),
        LinearSlot.of(path + ".down_proj", inner, bias, width),
        activation);
  }

  @Override
  List<Tensor> run(Ops ops, Tensor x, GridGroups.Group group) {
    Positions at =
        TowerLayers.positions(
            ops, rotary(group, order(group), x.type(), group.length()), group.count());
    Tensor states = last.forward(ops, TowerLayers.run(ops, x, layers, at));
    int area = merge * merge;
    long squares = states.count() / hidden / area;
    Tensor patches =
        TowerLayers.byChannel(ops, TowerLayers.shaped(ops, states, squares, area, hidden));
    Tensor merged = ops.linear(patches, downsample.weight(), downsample.bias());
    Tensor normed = norm.forward(ops, projection.forward(ops, merged));
    Tensor features = mlp.forward(ops, ops.activation(normed, Activation.GELU));
    long tokens = squares / group.count();
    return List.of(TowerLayers.shaped(ops, features, group.count(), tokens, features.size(2)));
  }
}
