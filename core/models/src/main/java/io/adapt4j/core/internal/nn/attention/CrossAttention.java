package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/**
 * Cross-attention of a decoder to the states of an encoder (Vaswani et al. 2017, section 3.2.3).
 */
public record CrossAttention(
    LinearSlot query, LinearSlot keyValue, LinearSlot output, Heads heads, AttentionRule rule) {

  /**
   * Attends to the encoder's keys and values.
   *
   * @param x the decoder's states [B, T, hidden]
   * @param mask hides padding of the encoder [B, 1, 1, S]
   */
  public Tensor forward(Ops ops, Tensor x, Tensor[] memory, Tensor mask) {
    long[] each = {heads.query()};
    Tensor q = ops.splitHeads(query.forward(ops, x), each, heads.dim())[0];
    return output.forward(ops, ops.attention(q, memory[0], memory[1], mask, rule));
  }

  /** Computes keys and values [B, H, S, D] from the encoder's states [B, S, hidden]. */
  public Tensor[] memory(Ops ops, Tensor states) {
    long[] each = {heads.keyValue(), heads.keyValue()};
    return ops.splitHeads(keyValue.forward(ops, states), each, heads.dim());
  }

  public List<LinearSlot> linears() {
    return List.of(query, keyValue, output);
  }
}
