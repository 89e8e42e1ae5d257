package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scratch;
import io.adapt4j.core.internal.tensor.Temporaries;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.List;

/** Attention operators: splitting projections into heads, rotary positions and attention. */
abstract class AttentionOps extends LinearOps {

  private static final Operator CLAMPED = Operator.core("clamped");
  private static final Operator CLAMPED_BACKWARD =
      Operator.core("clamped_backward").needing(Temporaries.like(0, 2));
  private static final Operator SPLIT_HEADS = Operator.core("split_heads");
  private static final Operator SPLIT_HEADS_BACKWARD = Operator.core("split_heads_backward");
  private static final Operator SPLIT_INTERLEAVED_HEADS = Operator.core("split_interleaved_heads");
  private static final Operator SPLIT_INTERLEAVED_HEADS_BACKWARD =
      Operator.core("split_interleaved_heads_backward");
  private static final Operator CONCATENATE = Operator.core("concatenate");
  private static final Operator ROTARY = Operator.core("rotary").needing(Temporaries.like(0, 0.5));
  private static final Operator ROTARY_PAIRS =
      Operator.core("rotary_pairs").needing(Temporaries.like(0, 0.5));
  private static final Operator ROTARY_PAIRS_BACKWARD =
      Operator.core("rotary_pairs_backward").needing(Temporaries.like(0, 0.5));
  private static final Operator ROTARY_BACKWARD =
      Operator.core("rotary_backward").needing(Temporaries.like(0, 0.5));
  private static final Operator FUSED_ATTENTION = Operator.core("fused_attention");
  private static final Operator BIASED_ATTENTION =
      Operator.core("biased_attention").needing(scores(0, 1, 2));
  private static final Operator BIASED_ATTENTION_BACKWARD =
      Operator.core("biased_attention_backward").needing(scores(1, 2, 4));
  private static final Operator PACKED_ATTENTION = Operator.core("packed_attention");
  private static final Operator PACKED_ATTENTION_BACKWARD =
      Operator.core("packed_attention_backward");

  /**
   * Maximum number of scores computed at once, and minimum and maximum number of queries, as in the
   * script.
   */
  private static final long SCORES = 1L << 21;

  private static final long FEWEST_QUERIES = 16;
  private static final long MOST_QUERIES = 128;

  private static final long ATTENTION_WEIGHTS = 0;

  AttentionOps(Tape tape) {
    super(tape);
  }

  /** Returns the dropout probability of attention weights in this pass. */
  abstract double attentionDropout();

  /** Seeds the generator for a place in the current layer. */
  abstract void seed(long place);

  /**
   * Returns the scratch memory of some tensors with a block's scores: as many queries as fit,
   * within limits.
   */
  static Scratch scores(int queries, int keys, int tensors) {
    return arguments -> {
      Tensor q = (Tensor) arguments[queries];
      long column = q.size(0) * q.size(1) * ((Tensor) arguments[keys]).size(2);
      long block = Math.min(MOST_QUERIES * column, Math.max(SCORES, FEWEST_QUERIES * column));
      return Math.min(block, column * q.size(2)) * q.type().bytes() * tensors;
    };
  }

  /** Clamps entries to [-limit, limit]. Saves x for backward. */
  public Tensor clamped(Tensor x, double limit) {
    return recorded(
        CLAMPED.tensor(x, limit).typedAs(x), x, dy -> CLAMPED_BACKWARD.tensor(dy, x, limit), x);
  }

  /**
   * Splits a joined projection into heads. Saves nothing for backward: the parts are views.
   *
   * @param x [B, T, sum(heads) D]
   * @return one tensor [B, heads, T, D] per part
   */
  public Tensor[] splitHeads(Tensor x, long[] heads, long headDim) {
    Tensor[] parts = SPLIT_HEADS.tensors(x, heads, headDim);
    if (isDifferentiated(x)) {
      record(parts, new Tensor[] {x}, d -> new Tensor[] {SPLIT_HEADS_BACKWARD.tensor((Object) d)});
    }
    return parts;
  }

  /**
   * Splits a projection in which the queries of each key/value head, its key and its value are
   * adjacent. Saves nothing for backward: keys and values are views, and so are queries if there is
   * one per key.
   *
   * @param x [B, T, K (G + 2) D]
   * @return query [B, K G, T, D], key and value [B, K, T, D]
   */
  public Tensor[] splitInterleavedHeads(Tensor x, long headDim, long group) {
    Tensor[] parts = SPLIT_INTERLEAVED_HEADS.tensors(x, headDim, group);
    if (isDifferentiated(x)) {
      record(
          parts,
          new Tensor[] {x},
          d -> new Tensor[] {SPLIT_INTERLEAVED_HEADS_BACKWARD.tensor((Object) d)});
    }
    return parts;
  }

  /**
   * Splits the heads of a tensor into two parts. Saves nothing for backward: the parts are views.
   * Shape of {@code x}: [B, heads, T, D].
   */
  public Tensor[] splitAlongHeads(Tensor x, long first) {
    Tensor[] parts = {x.narrow(1, 0, first), x.narrow(1, first, x.size(1) - first)};
    if (isDifferentiated(x)) {
      record(parts, new Tensor[] {x}, d -> new Tensor[] {CONCATENATE.tensor(d, 1)});
    }
    return parts;
  }

  /** Rotary position embedding (Su et al. 2021). Saves nothing for backward. */
  public Tensor rotary(Tensor x, RotaryTable table) {
    return recorded(
        ROTARY.tensor(x, table.cos(), table.sin()),
        x,
        dy -> ROTARY_BACKWARD.tensor(dy, table.cos(), table.sin()));
  }

  /**
   * Rotary position embedding of adjacent entries, (x0, x1), (x2, x3) and so on, instead of the two
   * halves (GPT-J, Wang and Komatsuzaki 2021). Saves nothing for backward.
   */
  public Tensor rotaryPairs(Tensor x, RotaryTable table) {
    return recorded(
        ROTARY_PAIRS.tensor(x, table.cos(), table.sin()),
        x,
        dy -> ROTARY_PAIRS_BACKWARD.tensor(dy, table.cos(), table.sin()));
  }

  /**
   * Scaled dot-product attention (Vaswani et al. 2017, eq. 1). Saves q, k and v for backward, never
   * the T x T weights.
   *
   * @param q [B, H, T, D]
   * @param k [B, K, T, D], K a divisor of H
   * @param v [B, K, T, D]
   * @param mask additive mask [B, 1, T, T] or [B, 1, 1, T], which then replaces the rule's; null to
   *     apply the rule's
   * @return the concatenated heads [B, T, H D]
   */
  public Tensor attention(Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule) {
    List<Tensor> masks = mask == null ? List.of() : List.of(mask);
    double scale = rule.scale();
    boolean differentiated = isDifferentiated(q) || isDifferentiated(k) || isDifferentiated(v);
    boolean seesAll = !rule.causal() && (mask != null || rule.window() == 0);
    double drop = attentionDropout();
    boolean fused = seesAll && rule.softCap() == 0 && q.size(1) == k.size(1);
    if (drop == 0 && !differentiated && fused && !FusedOps.attends(q, mask, rule)) {
      return FUSED_ATTENTION.tensor(q, k, v, masks, scale);
    }
    seedWeights(drop);
    Tensor y = FusedOps.attention(q, k, v, mask, rule, drop);
    Tensor[] inputs = {q, k, v};
    return recorded(
        y,
        inputs,
        dy -> {
          seedWeights(drop);
          return FusedOps.attentionBackward(dy, q, k, v, mask, rule, drop);
        },
        inputs);
  }

  /**
   * Attention with a relative position bias added to the scores (Raffel et al. 2020). Saves q, k, v
   * and the bias for backward.
   *
   * @param k [B, H, S, D]
   * @param v [B, H, S, D]
   * @param bias [T, S, H]
   * @param mask additive mask [B or 1, 1, T or 1, S]; null for none
   */
  public Tensor biasedAttention(
      Tensor q, Tensor k, Tensor v, Tensor bias, Tensor mask, double scale) {
    List<Tensor> masks = mask == null ? List.of() : List.of(mask);
    double drop = attentionDropout();
    seedWeights(drop);
    Tensor y = BIASED_ATTENTION.tensor(q, k, v, bias, masks, scale, drop).typedAs(q);
    Tensor[] inputs = {q, k, v, bias};
    return recorded(
        y,
        inputs,
        dy -> {
          seedWeights(drop);
          return BIASED_ATTENTION_BACKWARD.tensors(dy, q, k, v, bias, masks, scale, drop);
        },
        inputs);
  }

  /** Seeds attention dropout, so that forward and backward drop the same weights. */
  final void seedWeights(double drop) {
    if (drop > 0) {
      seed(ATTENTION_WEIGHTS);
    }
  }

  /** Returns whether {@link #rotatedAttention} supports a projection. */
  public boolean rotatesInAttention(Tensor projected, JoinedHeads heads, RotaryTable table) {
    return attentionDropout() == 0 && FusedOps.rotating(projected, heads, table) != null;
  }

  /**
   * Attention without a mask that rotates queries and keys on the fly instead of copying them.
   * Saves the projection for backward.
   *
   * @param projected concatenated queries, keys and values [B, T, (H + K + K) D]
   */
  public Tensor rotatedAttention(
      Tensor projected, JoinedHeads heads, RotaryTable table, AttentionRule rule) {
    HostKernels kernels = FusedOps.rotating(projected, heads, table);
    return recorded(
        FusedOps.rotatedAttention(kernels, projected, heads, table, rule),
        projected,
        dy -> FusedOps.rotatedAttentionBackward(kernels, dy, projected, heads, table, rule),
        projected);
  }

  /**
   * Scaled dot-product attention within each document of a packed batch. Saves q, k and v for
   * backward.
   *
   * @return the concatenated heads [B, T, H D]; zeros outside of documents
   */
  public Tensor packedAttention(
      Tensor q, Tensor k, Tensor v, DocumentBlocks documents, AttentionRule rule) {
    if (!rule.causal()) {
      throw new IllegalArgumentException("packed documents need a causal attention rule");
    }
    List<Tensor> gather = documents.gather();
    List<Tensor> real = documents.real();
    List<Tensor> place = documents.place();
    double scale = rule.scale();
    double cap = rule.softCap();
    long window = rule.window();
    double alibi = rule.alibi();
    double drop = attentionDropout();
    seedWeights(drop);
    Tensor y =
        PACKED_ATTENTION.tensor(q, k, v, gather, real, place, scale, cap, window, drop, alibi);
    Tensor[] inputs = {q, k, v};
    return recorded(
        y,
        inputs,
        dy -> {
          seedWeights(drop);
          return PACKED_ATTENTION_BACKWARD.tensors(
              dy, q, k, v, gather, real, place, scale, cap, window, drop, alibi);
        },
        inputs);
  }
}
