package io.adapt4j.core.internal.tensor;

import java.util.List;

/** From joined projections to heads, rotary positions and attention. */
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

  /** Scores that exist at once, and the fewest and most queries, as in the script. */
  private static final long SCORES = 1L << 21;

  private static final long FEWEST_QUERIES = 16;
  private static final long MOST_QUERIES = 128;

  private static final long ATTENTION_WEIGHTS = 0;

  AttentionOps(Tape tape) {
    super(tape);
  }

  /** The probability with which attention weights are dropped in this pass. */
  abstract double attentionDropout();

  /** Makes the next random numbers those of a place of the current layer. */
  abstract void seed(long place);

  /** So many tensors of the scores of a block: as many queries as fit, within limits. */
  static Scratch scores(int queries, int keys, int tensors) {
    return arguments -> {
      Tensor q = (Tensor) arguments[queries];
      long column = q.size(0) * q.size(1) * ((Tensor) arguments[keys]).size(2);
      long block = Math.min(MOST_QUERIES * column, Math.max(SCORES, FEWEST_QUERIES * column));
      return Math.min(block, column * q.size(2)) * q.type().bytes() * tensors;
    };
  }

  /** Draws entries beyond a limit back to it. Retains x. */
  public Tensor clamped(Tensor x, double limit) {
    Tensor y = CLAMPED.tensor(x, limit).typedAs(x);
    if (isDifferentiated(x)) {
      saveForBackward(x);
      record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {CLAMPED_BACKWARD.tensor(dy[0], x, limit)});
    }
    return y;
  }

  /**
   * Cuts a joined projection into heads. Retains nothing: the parts are views.
   *
   * @param x [B, T, sum(heads) D]
   * @return one tensor [B, heads, T, D] a part
   */
  public Tensor[] splitHeads(Tensor x, long[] heads, long headDim) {
    Tensor[] parts = SPLIT_HEADS.tensors(x, heads, headDim);
    if (isDifferentiated(x)) {
      record(parts, new Tensor[] {x}, d -> new Tensor[] {SPLIT_HEADS_BACKWARD.tensor((Object) d)});
    }
    return parts;
  }

  /**
   * Cuts a projection in which the queries of each key/value head, its key and its value lie side
   * by side. Retains nothing: keys and values are views, and so are queries where there is one for
   * each.
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
   * Parts the heads of a tensor in two. Retains nothing: the parts are views.
   *
   * @param x [B, heads, T, D]
   */
  public Tensor[] splitAlongHeads(Tensor x, long first) {
    Tensor[] parts = {x.narrow(1, 0, first), x.narrow(1, first, x.size(1) - first)};
    if (isDifferentiated(x)) {
      record(parts, new Tensor[] {x}, d -> new Tensor[] {CONCATENATE.tensor(d, 1)});
    }
    return parts;
  }

  /** Rotary position embedding (Su et al. 2021). Retains nothing. */
  public Tensor rotary(Tensor x, RotaryTable table) {
    Tensor y = ROTARY.tensor(x, table.cos(), table.sin());
    if (isDifferentiated(x)) {
      record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {ROTARY_BACKWARD.tensor(dy[0], table.cos(), table.sin())});
    }
    return y;
  }

  /**
   * Rotary position embedding of neighboring entries, (x0, x1), (x2, x3) and so on, rather than of
   * the two halves (GPT-J, Wang and Komatsuzaki 2021). Retains nothing.
   */
  public Tensor rotaryPairs(Tensor x, RotaryTable table) {
    Tensor y = ROTARY_PAIRS.tensor(x, table.cos(), table.sin());
    if (isDifferentiated(x)) {
      record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {ROTARY_PAIRS_BACKWARD.tensor(dy[0], table.cos(), table.sin())});
    }
    return y;
  }

  /**
   * Scaled dot-product attention (Vaswani et al. 2017, eq. 1). Retains q, k and v, never the T x T
   * weights.
   *
   * @param q [B, H, T, D]
   * @param k [B, K, T, D], K a divisor of H
   * @param v [B, K, T, D]
   * @param mask added to the scores, [B, 1, T, T] or [B, 1, 1, T], and then alone says what is
   *     seen; null for what the rule says
   * @return the heads side by side [B, T, H D]
   */
  public Tensor attention(Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule) {
    List<Tensor> masks = mask == null ? List.of() : List.of(mask);
    double scale = rule.scale();
    boolean differentiated = isDifferentiated(q) || isDifferentiated(k) || isDifferentiated(v);
    boolean seesAll = !rule.causal() && (mask != null || rule.window() == 0);
    double drop = attentionDropout();
    if (drop == 0 && !differentiated && seesAll && rule.softCap() == 0 && q.size(1) == k.size(1)) {
      return FUSED_ATTENTION.tensor(q, k, v, masks, scale);
    }
    seedWeights(drop);
    Tensor y = FusedOps.attention(q, k, v, mask, rule, drop);
    if (differentiated) {
      for (Tensor needed : List.of(q, k, v)) {
        saveForBackward(needed);
      }
      record(
          new Tensor[] {y},
          new Tensor[] {q, k, v},
          dy -> {
            seedWeights(drop);
            return FusedOps.attentionBackward(dy[0], q, k, v, mask, rule, drop);
          });
    }
    return y;
  }

  /**
   * Attention whose scores have something added that depends on the distance (Raffel et al. 2020).
   * Retains q, k, v and the bias.
   *
   * @param k [B, H, S, D]
   * @param v [B, H, S, D]
   * @param bias [T, S, H]
   * @param mask added to the scores, [B or 1, 1, T or 1, S]; null where all is seen
   */
  public Tensor biasedAttention(
      Tensor q, Tensor k, Tensor v, Tensor bias, Tensor mask, double scale) {
    List<Tensor> masks = mask == null ? List.of() : List.of(mask);
    double drop = attentionDropout();
    seedWeights(drop);
    Tensor y = BIASED_ATTENTION.tensor(q, k, v, bias, masks, scale, drop).typedAs(q);
    Tensor[] inputs = {q, k, v, bias};
    if (List.of(inputs).stream().anyMatch(this::isDifferentiated)) {
      for (Tensor needed : inputs) {
        saveForBackward(needed);
      }
      record(
          new Tensor[] {y},
          inputs,
          dy -> {
            seedWeights(drop);
            return BIASED_ATTENTION_BACKWARD.tensors(dy[0], q, k, v, bias, masks, scale, drop);
          });
    }
    return y;
  }

  /** A pass and its derivative draw the same weights to drop. */
  final void seedWeights(double drop) {
    if (drop > 0) {
      seed(ATTENTION_WEIGHTS);
    }
  }

  /** Returns whether {@link #rotatedAttention} takes a projection. */
  public boolean rotatesInAttention(Tensor projected, JoinedHeads heads, RotaryTable table) {
    return attentionDropout() == 0
        && isDifferentiated(projected)
        && FusedOps.rotating(projected, heads, table) != null;
  }

  /**
   * Attention without a mask whose queries and keys are turned by their positions on the way, which
   * spares their copies. Retains what was projected.
   *
   * @param projected queries, keys and values side by side [B, T, (H + K + K) D]
   */
  public Tensor rotatedAttention(
      Tensor projected, JoinedHeads heads, RotaryTable table, AttentionRule rule) {
    HostKernels kernels = FusedOps.rotating(projected, heads, table);
    Tensor y = FusedOps.rotatedAttention(kernels, projected, heads, table, rule);
    if (isDifferentiated(projected)) {
      saveForBackward(projected);
      record(
          new Tensor[] {y},
          new Tensor[] {projected},
          dy ->
              new Tensor[] {
                FusedOps.rotatedAttentionBackward(kernels, dy[0], projected, heads, table, rule)
              });
    }
    return y;
  }

  /**
   * Scaled dot-product attention inside each document of a packed batch. Retains q, k and v.
   *
   * @return the heads side by side [B, T, H D]; zeros where there is no document
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
    if (isDifferentiated(q) || isDifferentiated(k) || isDifferentiated(v)) {
      for (Tensor needed : List.of(q, k, v)) {
        saveForBackward(needed);
      }
      record(
          new Tensor[] {y},
          new Tensor[] {q, k, v},
          dy -> {
            seedWeights(drop);
            return PACKED_ATTENTION_BACKWARD.tensors(
                dy[0], q, k, v, gather, real, place, scale, cap, window, drop, alibi);
          });
    }
    return y;
  }
}
