package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.Masks;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Layers of towers, and what they have in common. */
final class TowerLayers {

  private TowerLayers() {}

  /** Declares the layers of SigLIP and CLIP: norms first, with biases everywhere. */
  static List<SequentialLayer> declare(
      TowerWeights weights, String path, TowerSizes sizes, boolean causal) {
    return declare(weights, path, sizes, causal, Attention.NO_ROTARY);
  }

  /** Declares the same layers with a rotary table, if wanted. */
  static List<SequentialLayer> declare(
      TowerWeights weights, String path, TowerSizes sizes, boolean causal, int rotary) {
    List<SequentialLayer> layers = new ArrayList<>();
    for (int i = 0; i < sizes.layers(); i++) {
      String at = path + ".encoder.layers." + i;
      AttentionRule rule =
          causal
              ? AttentionRule.causal(sizes.headWidth())
              : AttentionRule.bothWays(sizes.headWidth(), 0);
      int width = sizes.hidden();
      layers.add(
          weights.add(
              SequentialLayer.preNorm(
                  LayerNorm.declare(at + ".layer_norm1", width, true, sizes.eps()),
                  new Attention(
                      LinearSlot.of(
                          at + ".self_attn",
                          width,
                          true,
                          List.of("q_proj", "k_proj", "v_proj"),
                          width,
                          width,
                          width),
                      LinearSlot.of(at + ".self_attn.out_proj", width, true, width),
                      Heads.grouped(sizes.heads(), sizes.heads(), sizes.headWidth()),
                      null,
                      rotary,
                      rule),
                  LayerNorm.declare(at + ".layer_norm2", width, true, sizes.eps()),
                  mlp(at + ".mlp", sizes, "fc1", "fc2"))));
    }
    return layers;
  }

  /** Declares an MLP without a gate, with biases. */
  static PlainMlp mlp(String path, TowerSizes sizes, String up, String down) {
    return new PlainMlp(
        LinearSlot.of(path + "." + up, sizes.hidden(), true, sizes.inner()),
        LinearSlot.of(path + "." + down, sizes.inner(), true, sizes.hidden()),
        sizes.activation());
  }

  /**
   * Runs layers; in training, their intermediates are recomputed in backward. In inference the
   * input is closed.
   *
   * @param x [B, T, hidden]
   */
  static Tensor run(Ops ops, Tensor x, List<? extends Layer> layers, Positions positions) {
    Tensor state = x;
    for (int i = 0; i < layers.size(); i++) {
      state = run(ops, state, layers.get(i), positions, i);
    }
    return state;
  }

  /** Runs one layer like {@link #run(Ops, Tensor, List, Positions)}. */
  static Tensor run(Ops ops, Tensor x, Layer layer, Positions positions, int index) {
    Tensor next =
        ops.checkpoint(
            x, true, (inner, in) -> layer.forward(inner.inLayer(index), in, positions, index));
    if (!ops.isRecording()) {
      x.close();
    }
    return next;
  }

  /**
   * Creates the positions of rows without rotary ones; they belong to the open scope and, in
   * training, to the tape.
   *
   * @param mask 1 on tokens and 0 on padding [rows, length]; null without padding
   */
  static Positions positions(Ops ops, long @Nullable [] mask, int rows, int length, DType type) {
    return new Positions(
        null, List.of(), masks(ops, mask, rows, length, type), null, new long[rows]);
  }

  /** Creates the positions of rows without padding, with their cosines and sines. */
  static Positions positions(Ops ops, RotaryTable table, int rows) {
    ops.saveForBackward(table.cos());
    ops.saveForBackward(table.sin());
    return new Positions(null, List.of(table), Map.of(), null, new long[rows]);
  }

  private static Map<Long, Tensor> masks(
      Ops ops, long @Nullable [] mask, int rows, int length, DType type) {
    if (mask == null) {
      return Map.of();
    }
    Tensor additive = Masks.padding(Tensor.of(mask, rows, length), 0, type);
    return Map.of(0L, ops.saveForBackward(additive));
  }

  /**
   * Returns rows of all positions in another order.
   *
   * @param x [B, T, width]
   */
  static Tensor rows(Ops ops, Tensor x, long[] index, long... sizes) {
    return StreamOps.shaped(ops, ops.gatherRows(x, Tensor.of(index, index.length)), sizes);
  }

  /** Reshapes a tensor. */
  static Tensor shaped(Ops ops, Tensor x, long... sizes) {
    return StreamOps.shaped(ops, x, sizes);
  }

  /** Reshapes [.., width] to [rows, width]. */
  static Tensor flat(Ops ops, Tensor x) {
    return StreamOps.shaped(ops, x, x.count() / x.size(-1), x.size(-1));
  }

  /** Joins tensors [.., width] to [1, all rows, width]. */
  static Tensor joined(Ops ops, List<Tensor> parts) {
    long width = parts.get(0).size(-1);
    long rows = parts.stream().mapToLong(part -> part.count() / width).sum();
    List<Tensor> flat =
        parts.stream().map(part -> StreamOps.shaped(ops, part, 1, part.count())).toList();
    return StreamOps.shaped(ops, ops.joinColumns(flat), 1, rows, width);
  }

  /**
   * Returns, for a grid in row-major order, the positions of each square of neighbors, square by
   * square: the order in which a pixel shuffle joins them.
   */
  static long[] squares(int height, int width, int side, long start) {
    long[] order = new long[height * width];
    int at = 0;
    for (int y = 0; y < height; y += side) {
      for (int x = 0; x < width; x += side) {
        for (int dy = 0; dy < side; dy++) {
          for (int dx = 0; dx < side; dx++) {
            order[at++] = start + (long) (y + dy) * width + x + dx;
          }
        }
      }
    }
    return order;
  }

  /** Returns the same for several pictures of a size, one after the other. */
  static long[] squares(int height, int width, int side, int length, int pictures) {
    long[] order = new long[Math.multiplyExact(length, pictures)];
    for (int i = 0; i < pictures; i++) {
      System.arraycopy(
          squares(height, width, side, (long) i * length), 0, order, i * length, length);
    }
    return order;
  }

  /**
   * Joins the entries of several positions channel by channel, as a convolution reads them.
   *
   * @param x [squares, positions, width]
   * @return [1, squares, width * positions]
   */
  static Tensor byChannel(Ops ops, Tensor x) {
    Tensor apart = ops.splitHeads(x, new long[] {x.size(2)}, 1)[0];
    return StreamOps.shaped(ops, apart, 1, x.size(0), x.size(2) * x.size(1));
  }

  /** Returns [B, T, width] without the first positions. */
  static Tensor without(Ops ops, Tensor x, int first) {
    int rows = Math.toIntExact(x.size(0));
    int length = Math.toIntExact(x.size(1));
    int kept = length - first;
    long[] index = new long[rows * kept];
    for (int i = 0; i < index.length; i++) {
      index[i] = (long) (i / kept) * length + first + i % kept;
    }
    return rows(ops, x, index, rows, kept, x.size(2));
  }
}
