package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.List;

/** Tower of Qwen 2-VL (Qwen Team 2024): attention within the whole picture in every layer. */
final class Qwen2Tower extends QwenTower {

  private final List<SequentialLayer> layers = new ArrayList<>();
  private final LayerNorm norm;
  private final PlainMlp merger;

  Qwen2Tower(ModelConfig model) {
    super(TowerSizes.part(model, "vision_config", "qwen2_vl_vision"), "embed_dim", 1280, 14, false);
    ConfigReader fields = vision.fields();
    int depth = fields.positiveInt("depth", 32);
    TowerSizes sizes =
        new TowerSizes(
            hidden,
            (int) (hidden * fields.positiveNumber("mlp_ratio", 4)),
            depth,
            heads,
            Activations.read(vision, "hidden_act", "quick_gelu"),
            EPS);
    for (int i = 0; i < depth; i++) {
      String at = PATH + ".blocks." + i;
      layers.add(
          weights.add(
              SequentialLayer.preNorm(
                  LayerNorm.declare(at + ".norm1", hidden, true, EPS),
                  attention(at + ".attn"),
                  LayerNorm.declare(at + ".norm2", hidden, true, EPS),
                  TowerLayers.mlp(at + ".mlp", sizes, "fc1", "fc2"))));
    }
    norm = weights.add(LayerNorm.declare(PATH + ".merger.ln_q", hidden, true, EPS));
    int square = hidden * merge * merge;
    int text = fields.positiveInt("hidden_size", 3584);
    merger =
        new PlainMlp(
            weights.add(LinearSlot.of(PATH + ".merger.mlp.0", square, true, square)),
            weights.add(LinearSlot.of(PATH + ".merger.mlp.2", square, true, text)),
            Activation.GELU);
  }

  @Override
  List<Tensor> run(Ops ops, Tensor x, GridGroups.Group group) {
    Positions at =
        TowerLayers.positions(
            ops, rotary(group, order(group), x.type(), group.length()), group.count());
    Tensor states = norm.forward(ops, TowerLayers.run(ops, x, layers, at));
    return List.of(merger.forward(ops, squares(ops, states)));
  }
}
