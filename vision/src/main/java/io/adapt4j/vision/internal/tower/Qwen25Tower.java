package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Tower of Qwen 2.5-VL (Qwen Team 2025): attention within windows in most layers, within the whole
 * picture in some.
 */
final class Qwen25Tower extends QwenTower {

  private final List<SequentialLayer> layers = new ArrayList<>();
  private final Set<Integer> full;
  private final int window;
  private final RmsNorm norm;
  private final PlainMlp merger;

  /** Windows with the same number of patches: their places in a batch, and in the picture. */
  private record Windows(int length, List<long[]> patches) {}

  Qwen25Tower(ModelConfig model) {
    super(TowerSizes.part(model, "vision_config", "qwen2_5_vl_vision"), 3584, 14, false);
    ConfigReader fields = vision.fields();
    int inner = fields.positiveInt("intermediate_size", 3420);
    Activation activation = Activations.read(vision, "hidden_act", "silu");
    int depth = fields.positiveInt("depth", 32);
    for (int i = 0; i < depth; i++) {
      String at = PATH + ".blocks." + i;
      layers.add(
          weights.add(
              SequentialLayer.preNorm(
                  RmsNorm.declare(at + ".norm1", hidden, 0, EPS),
                  attention(at + ".attn"),
                  RmsNorm.declare(at + ".norm2", hidden, 0, EPS),
                  new GatedMlp(
                      LinearSlot.of(
                          at + ".mlp", hidden, true, List.of("gate_proj", "up_proj"), inner, inner),
                      LinearSlot.of(at + ".mlp.down_proj", inner, true, hidden),
                      activation))));
    }
    full =
        fields.has("fullatt_block_indexes")
            ? Set.copyOf(fields.integers("fullatt_block_indexes"))
            : Set.of(7, 15, 23, 31);
    int patch = fields.positiveInt("patch_size", 14);
    window = fields.positiveInt("window_size", 112) / merge / patch;
    if (window < 1) {
      throw fields.invalid(
          "window_size", "at least " + merge * patch + ", a square of patches", "Correct it.");
    }
    norm = weights.add(RmsNorm.declare(PATH + ".merger.ln_q", hidden, 0, EPS));
    int square = hidden * merge * merge;
    merger =
        new PlainMlp(
            weights.add(LinearSlot.of(PATH + ".merger.mlp.0", square, true, square)),
            weights.add(
                LinearSlot.of(
                    PATH + ".merger.mlp.2",
                    square,
                    true,
                    fields.positiveInt("out_hidden_size", 3584))),
            Activation.GELU);
  }

  @Override
  List<Tensor> run(Ops ops, Tensor x, GridGroups.Group group) {
    List<Windows> windows = windows(group);
    Tensor state = x;
    int at = 0;
    while (at < layers.size()) {
      int end = at;
      while (end < layers.size() && full.contains(end) == full.contains(at)) {
        end++;
      }
      state =
          full.contains(at)
              ? whole(ops, state, group, at, end)
              : windowed(ops, state, group, windows, at, end);
      at = end;
    }
    return List.of(merger.forward(ops, squares(ops, norm.forward(ops, state))));
  }

  private Tensor whole(Ops ops, Tensor x, GridGroups.Group group, int from, int to) {
    Positions at =
        TowerLayers.positions(
            ops, rotary(group, order(group), x.type(), group.length()), group.count());
    return layers(ops, x, at, from, to);
  }

  /** Runs layers on the windows, those of the same size as one batch. */
  private Tensor windowed(
      Ops ops, Tensor x, GridGroups.Group group, List<Windows> windows, int from, int to) {
    long[] order = order(group);
    int length = group.length();
    List<Tensor> parts = new ArrayList<>();
    long[] back = new long[group.count() * length];
    int done = 0;
    for (Windows same : windows) {
      int rows = same.patches.size();
      long[] index = new long[rows * same.length];
      long[] places = new long[index.length];
      for (int i = 0; i < index.length; i++) {
        index[i] = same.patches.get(i / same.length)[i % same.length];
        places[i] = order[(int) (index[i] % length)];
        back[(int) index[i]] = done++;
      }
      Tensor part = TowerLayers.rows(ops, x, index, rows, same.length, hidden);
      parts.add(windowed(ops, part, group, places, from, to));
    }
    return TowerLayers.rows(
        ops, TowerLayers.joined(ops, parts), back, group.count(), length, hidden);
  }

  private Tensor windowed(
      Ops ops, Tensor part, GridGroups.Group group, long[] places, int from, int to) {
    DType type = part.type();
    Positions at =
        TowerLayers.positions(
            ops, rotary(group, places, type, part.size(0), 1, part.size(1)), (int) part.size(0));
    return layers(ops, part, at, from, to);
  }

  private Tensor layers(Ops ops, Tensor x, Positions at, int from, int to) {
    Tensor state = x;
    for (int i = from; i < to; i++) {
      state = TowerLayers.run(ops, state, layers.get(i), at, i);
    }
    return state;
  }

  /** Returns the windows of all frames: squares of neighbors, row by row, of up to a size. */
  private List<Windows> windows(GridGroups.Group group) {
    int down = group.rows() / merge;
    int right = group.columns() / merge;
    int area = merge * merge;
    Map<Integer, Windows> byLength = new TreeMap<>();
    for (int frame = 0; frame < group.count(); frame++) {
      for (int top = 0; top < down; top += window) {
        for (int left = 0; left < right; left += window) {
          int height = Math.min(window, down - top);
          int width = Math.min(window, right - left);
          long[] patches = new long[height * width * area];
          for (int i = 0; i < patches.length; i++) {
            int square = i / area;
            long unit = (top + square / width) * (long) right + left + square % width;
            patches[i] = (long) frame * group.length() + unit * area + i % area;
          }
          byLength
              .computeIfAbsent(patches.length, length -> new Windows(length, new ArrayList<>()))
              .patches
              .add(patches);
        }
      }
    }
    return List.copyOf(byLength.values());
  }
}
