package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/**
 * Attention with sinks: each head has an additional score, of a key without a value, that takes its
 * share of the attention weights (OpenAI 2025, gpt-oss).
 */
public final class SinkOps {

  private static final Operator ATTENTION =
      Operator.core("sink_attention").needing(AttentionOps.scores(0, 1, 3));
  private static final Operator ATTENTION_BACKWARD =
      Operator.core("sink_attention_backward").needing(AttentionOps.scores(1, 2, 5));
  private static final Operator PACKED = Operator.core("packed_sink_attention");
  private static final Operator PACKED_BACKWARD = Operator.core("packed_sink_attention_backward");
  private static final Operator CACHED = Operator.core("cached_sink_attention");
  private static final Operator ADD_GRADIENT = Operator.core("add_to_gradient");

  private SinkOps() {}

  /**
   * Attention like {@link Ops#attention}, with sinks. Saves q, k and v for backward.
   *
   * @param q [B, H, T, D]
   * @param k [B, K, T, D], K a divisor of H
   * @param v [B, K, T, D]
   * @param mask additive mask; null to apply the rule's
   * @return the concatenated heads [B, T, H D]
   */
  public static Tensor attention(
      Ops ops, Tensor q, Tensor k, Tensor v, Parameter sinks, Tensor mask, AttentionRule rule) {
    List<Tensor> masks = mask == null ? List.of() : List.of(mask);
    Object[] rest = {masks, rule.scale(), rule.causal(), rule.window()};
    Tensor y = ATTENTION.tensor(q, k, v, sinks.value(), rest[0], rest[1], rest[2], rest[3]);
    return recorded(
        ops,
        y,
        new Tensor[] {q, k, v},
        sinks,
        dy ->
            ATTENTION_BACKWARD.tensors(
                dy, q, k, v, sinks.value(), rest[0], rest[1], rest[2], rest[3]));
  }

  /**
   * Attention within each document of a packed batch. Saves q, k and v for backward.
   *
   * @return the concatenated heads [B, T, H D]; zeros outside of documents
   */
  public static Tensor packed(
      Ops ops,
      Tensor q,
      Tensor k,
      Tensor v,
      Parameter sinks,
      DocumentBlocks documents,
      AttentionRule rule) {
    List<Tensor> gather = documents.gather();
    List<Tensor> real = documents.real();
    List<Tensor> place = documents.place();
    double scale = rule.scale();
    long window = rule.window();
    Tensor y = PACKED.tensor(q, k, v, sinks.value(), gather, real, place, scale, window);
    return recorded(
        ops,
        y,
        new Tensor[] {q, k, v},
        sinks,
        dy ->
            PACKED_BACKWARD.tensors(
                dy, q, k, v, sinks.value(), gather, real, place, scale, window));
  }

  /** Computes the gradients of queries, keys, values and sinks. */
  private interface Derivative {
    Tensor[] of(Tensor dy);
  }

  private static Tensor recorded(
      Ops ops, Tensor y, Tensor[] inputs, Parameter sinks, Derivative derivative) {
    boolean differentiated = ops.trains(sinks);
    for (Tensor input : inputs) {
      differentiated |= ops.isDifferentiated(input);
    }
    return ops.recorded(
        differentiated,
        y,
        inputs,
        dy -> {
          Tensor[] found = derivative.of(dy);
          if (sinks.isTrained()) {
            ADD_GRADIENT.run(sinks.gradient(), found[3]);
          }
          return new Tensor[] {found[0], found[1], found[2]};
        },
        inputs);
  }

  /**
   * Appends keys and values to a cache and attends over all of it; inference only.
   *
   * @param q queries [B, H, T, D]
   * @param k new keys [B, K, T, D]
   * @param v new values [B, K, T, D]
   * @param keys key cache [B, K, capacity, D], written at {@code length}
   */
  public static Tensor cached(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor keys,
      Tensor values,
      Parameter sinks,
      long length,
      Tensor mask,
      AttentionRule rule) {
    List<Tensor> masks = mask == null ? List.of() : List.of(mask);
    return CACHED.tensor(
        q, k, v, keys, values, sinks.value(), length, masks, rule.scale(), rule.window());
  }
}
