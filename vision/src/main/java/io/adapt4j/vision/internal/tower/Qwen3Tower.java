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

/**
 * Tower of Qwen 3-VL (Qwen Team 2025): learned positions, interpolated to each grid, and features
 * of some layers for the first layers of the text model (deepstack).
 */
final class Qwen3Tower extends QwenTower {

  private final List<SequentialLayer> layers = new ArrayList<>();
  private final PositionTable positions;
  private final List<Integer> tapped;
  private final Merger merger;
  private final List<Merger> deeper = new ArrayList<>();

  /** Norm before or after the patches of a square are joined, then an MLP. */
  private record Merger(LayerNorm norm, PlainMlp mlp, boolean joinsFirst) {}

  Qwen3Tower(ModelConfig model) {
    super(TowerSizes.part(model, "vision_config", "qwen3_vl_vision"), 1152, 16, true);
    ConfigReader fields = vision.fields();
    int places = fields.positiveInt("num_position_embeddings", 2304);
    int side = (int) Math.sqrt(places);
    if (side * side != places) {
      throw fields.invalid("num_position_embeddings", "a square number", "Correct the value.");
    }
    positions = PositionTable.declare(weights, PATH + ".pos_embed.weight", side, hidden);
    int depth = fields.positiveInt("depth", 27);
    TowerSizes sizes =
        new TowerSizes(
            hidden,
            fields.positiveInt("intermediate_size", 4304),
            depth,
            heads,
            Activations.read(vision, "hidden_act", "gelu_pytorch_tanh"),
            EPS);
    for (int i = 0; i < depth; i++) {
      String at = PATH + ".blocks." + i;
      layers.add(
          weights.add(
              SequentialLayer.preNorm(
                  LayerNorm.declare(at + ".norm1", hidden, true, EPS),
                  attention(at + ".attn"),
                  LayerNorm.declare(at + ".norm2", hidden, true, EPS),
                  TowerLayers.mlp(at + ".mlp", sizes, "linear_fc1", "linear_fc2"))));
    }
    int text = fields.positiveInt("out_hidden_size", 3584);
    merger = merger(PATH + ".merger", false, text);
    tapped =
        fields.has("deepstack_visual_indexes")
            ? fields.integers("deepstack_visual_indexes")
            : List.of(8, 16, 24);
    for (int i = 0; i < tapped.size(); i++) {
      if (tapped.get(i) < 0 || tapped.get(i) >= depth) {
        throw fields.invalid(
            "deepstack_visual_indexes", "layers from 0 to " + (depth - 1), "Correct it.");
      }
      deeper.add(merger(PATH + ".deepstack_merger_list." + i, true, text));
    }
  }

  private Merger merger(String path, boolean joinsFirst, int text) {
    int square = hidden * merge * merge;
    return new Merger(
        weights.add(LayerNorm.declare(path + ".norm", joinsFirst ? square : hidden, true, EPS)),
        new PlainMlp(
            weights.add(LinearSlot.of(path + ".linear_fc1", square, true, square)),
            weights.add(LinearSlot.of(path + ".linear_fc2", square, true, text)),
            Activation.GELU),
        joinsFirst);
  }

  @Override
  List<Tensor> run(Ops ops, Tensor x, GridGroups.Group group) {
    long[] order = order(group);
    int square = positions.width();
    float[] byRow = positions.cornered(group.rows(), group.columns());
    float[] resizing = new float[byRow.length];
    for (int i = 0; i < order.length; i++) {
      System.arraycopy(byRow, (int) order[i] * square, resizing, i * square, square);
    }
    Tensor state = ops.add(x, positions.forward(ops, resizing, group.count()));
    Tensor[] tapped = new Tensor[deeper.size()];
    Positions at =
        TowerLayers.positions(ops, rotary(group, order, x.type(), group.length()), group.count());
    for (int i = 0; i < layers.size(); i++) {
      state = TowerLayers.run(ops, state, layers.get(i), at, i);
      for (int k = 0; k < tapped.length; k++) {
        if (this.tapped.get(k) == i) {
          tapped[k] = merged(ops, deeper.get(k), state);
        }
      }
    }
    List<Tensor> features = new ArrayList<>();
    features.add(merged(ops, merger, state));
    features.addAll(List.of(tapped));
    return features;
  }

  private Tensor merged(Ops ops, Merger by, Tensor state) {
    Tensor joined =
        by.joinsFirst()
            ? by.norm().forward(ops, squares(ops, state))
            : squares(ops, by.norm().forward(ops, state));
    return by.mlp().forward(ops, joined);
  }
}
