package io.adapt4j.core.internal.nn.sequence;

import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Self-attention of one side of an encoder-decoder.
 *
 * @param distances relative position bias of this layer; null to use the shared one
 */
public record SideAttention(
    LinearSlot qkv,
    LinearSlot output,
    Heads heads,
    AttentionRule rule,
    @Nullable Parameter distances) {

  /** Creates attention without its own relative position bias. */
  public SideAttention(LinearSlot qkv, LinearSlot output, Heads heads, AttentionRule rule) {
    this(qkv, output, heads, rule, null);
  }

  Tensor forward(Ops ops, Tensor x, SidePlaces places, int layer) {
    long[] each = {heads.query(), heads.keyValue(), heads.keyValue()};
    Tensor[] parts = ops.splitHeads(qkv.forward(ops, x), each, heads.dim());
    return output.forward(ops, attended(ops, parts[0], parts[1], parts[2], places, layer));
  }

  private Tensor attended(Ops ops, Tensor q, Tensor k, Tensor v, SidePlaces places, int layer) {
    Tensor bias = places.bias(ops, distances);
    if (places.cache() != null) {
      return places.cache().attend(ops, layer, q, k, v, bias, rule);
    }
    return bias == null
        ? ops.attention(q, k, v, places.mask(), rule)
        : ops.biasedAttention(q, k, v, bias, places.mask(), rule.scale());
  }

  List<LinearSlot> linears() {
    return List.of(qkv, output);
  }
}
