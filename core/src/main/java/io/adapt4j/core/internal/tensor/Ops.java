package io.adapt4j.core.internal.tensor;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/**
 * The operators of a transformer, differentiated when there is a tape.
 *
 * <p>Shapes: B rows, T positions, H query heads, K key/value heads, D entries a head. What an
 * operator returns belongs to the scope open at the call; its derivative retains only what the
 * operator's comment names.
 */
public final class Ops {

  private static final Operator EMBEDDING = Operator.core("embedding");
  private static final Operator EMBEDDING_BACKWARD = Operator.core("embedding_backward");
  private static final Operator RMS_NORM = Operator.core("rms_norm");
  private static final Operator RMS_NORM_BACKWARD = Operator.core("rms_norm_backward");
  private static final Operator LAYER_NORM = Operator.core("layer_norm");
  private static final Operator LAYER_NORM_BACKWARD = Operator.core("layer_norm_backward");
  private static final Operator LINEAR = Operator.core("linear");
  private static final Operator LINEAR_BACKWARD_WEIGHT = Operator.core("linear_backward_weight");
  private static final Operator LINEAR_BACKWARD_BIAS = Operator.core("linear_backward_bias");
  private static final Operator LINEAR_BACKWARD_INPUT = Operator.core("linear_backward_input");
  private static final Operator FOREIGN_OPERANDS = Operator.core("foreign_operands");
  private static final Operator ADD_BIAS = Operator.core("add_bias");
  private static final Operator LOW_RANK = Operator.core("low_rank");
  private static final Operator LOW_RANK_BACKWARD = Operator.core("low_rank_backward");
  private static final Operator LOW_RANK_BACKWARD_INPUT = Operator.core("low_rank_backward_input");
  private static final Operator UNIFORM_NOISE = Operator.core("uniform_noise");
  private static final Operator DROPOUT_MASK = Operator.core("dropout_mask");
  private static final Operator MULTIPLY = Operator.core("multiply");
  private static final Operator SPLIT_HEADS = Operator.core("split_heads");
  private static final Operator SPLIT_HEADS_BACKWARD = Operator.core("split_heads_backward");
  private static final Operator SPLIT_INTERLEAVED_HEADS = Operator.core("split_interleaved_heads");
  private static final Operator SPLIT_INTERLEAVED_HEADS_BACKWARD =
      Operator.core("split_interleaved_heads_backward");
  private static final Operator SPLIT_COLUMNS = Operator.core("split_columns");
  private static final Operator CONCATENATE = Operator.core("concatenate");
  private static final Operator ROTARY = Operator.core("rotary");
  private static final Operator ROTARY_BACKWARD = Operator.core("rotary_backward");
  private static final Operator FUSED_ATTENTION = Operator.core("fused_attention");
  private static final Operator ATTENTION = Operator.core("attention");
  private static final Operator ATTENTION_BACKWARD = Operator.core("attention_backward");
  private static final Operator PACKED_ATTENTION = Operator.core("packed_attention");
  private static final Operator PACKED_ATTENTION_BACKWARD =
      Operator.core("packed_attention_backward");
  private static final Operator GATED = Operator.core("gated");
  private static final Operator GATED_BACKWARD = Operator.core("gated_backward");
  private static final Operator ACTIVATION = Operator.core("activation");
  private static final Operator ACTIVATION_BACKWARD = Operator.core("activation_backward");
  private static final Operator ACTIVATION_IN_PLACE = Operator.core("activation_in_place");
  private static final Operator SCALED = Operator.core("scaled");
  private static final Operator POOL = Operator.core("pool");
  private static final Operator POOL_BACKWARD = Operator.core("pool_backward");
  private static final Operator MAX_POOL = Operator.core("max_pool");
  private static final Operator MAX_POOL_BACKWARD = Operator.core("max_pool_backward");
  private static final Operator NORMALIZE = Operator.core("normalize");
  private static final Operator NORMALIZE_BACKWARD = Operator.core("normalize_backward");
  private static final Operator ADD_SCALED = Operator.core("add_scaled");
  private static final Operator ADD = Operator.core("add");
  private static final Operator GATHER_ROWS = Operator.core("gather_rows");
  private static final Operator SCATTER_ROWS = Operator.core("scatter_rows");

  private static final Tensor[] NONE = {};

  private final Tape tape;
  private final long seed;

  private Ops(Tape tape, long seed) {
    this.tape = tape;
    this.seed = seed;
  }

  /**
   * Makes operators that record nothing; dropout is off.
   *
   * @return the operators
   */
  public static Ops inference() {
    return new Ops(null, 0);
  }

  /**
   * Operators that record on a tape.
   *
   * @param tape where to
   * @param seed decides the dropout masks of this pass, so that a recomputed segment sees the same
   * @return the operators
   */
  public static Ops recording(Tape tape, long seed) {
    return new Ops(tape, seed);
  }

  /**
   * Returns whether operators are recorded, which is so while training.
   *
   * @return true if there is a tape
   */
  public boolean isRecording() {
    return tape != null;
  }

  /**
   * Returns whether derivatives reach a tensor: something that trains has gone into it.
   *
   * @param tensor what an operator returned
   * @return false without a tape
   */
  public boolean isDifferentiated(Tensor tensor) {
    return tracks(tensor);
  }

  private boolean tracks(Tensor tensor) {
    return tape != null && tape.tracks(tensor);
  }

  private boolean trains(Parameter parameter) {
    return tape != null && parameter != null && parameter.isTrained();
  }

  /**
   * Looks up rows.
   *
   * @param ids token ids [B, T]
   * @param weight table [V, hidden]
   * @return [B, T, hidden]
   */
  public Tensor embedding(Tensor ids, Parameter weight) {
    Tensor y = EMBEDDING.tensor(ids, weight.value()).typedAs(weight.value());
    if (trains(weight)) {
      tape.saveForBackward(ids);
      tape.record(
          new Tensor[] {y},
          NONE,
          dy -> {
            EMBEDDING_BACKWARD.run(dy[0], ids, weight.gradient());
            return NONE;
          });
    }
    return y;
  }

  /**
   * Root mean square normalization (Zhang and Sennrich 2019). Retains x.
   *
   * @param x [.., hidden]
   * @param weight [hidden]
   * @param offset added to the weight; 0, or 1 where weights are stored as differences from 1
   * @param eps added to the mean square
   * @return the shape of x
   */
  public Tensor rmsNorm(Tensor x, Parameter weight, double offset, double eps) {
    Tensor y = RMS_NORM.tensor(x, weight.value(), offset, eps).typedAs(x);
    if (tracks(x) || trains(weight)) {
      tape.saveForBackward(x);
      tape.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy ->
              new Tensor[] {
                RMS_NORM_BACKWARD.tensor(dy[0], x, weight.value(), offset, eps, gradient(weight))
              });
    }
    return y;
  }

  /**
   * Layer normalization (Ba et al. 2016). Retains x.
   *
   * @param x [.., hidden]
   * @param weight [hidden]
   * @param bias [hidden], or null
   * @param eps added to the variance
   * @return the shape of x
   */
  public Tensor layerNorm(Tensor x, Parameter weight, Parameter bias, double eps) {
    Tensor y = LAYER_NORM.tensor(x, weight.value(), value(bias), eps);
    if (tracks(x) || trains(weight) || trains(bias)) {
      tape.saveForBackward(x);
      tape.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy ->
              new Tensor[] {
                LAYER_NORM_BACKWARD.tensor(
                    dy[0], x, weight.value(), eps, gradient(weight), gradient(bias))
              });
    }
    return y;
  }

  /**
   * Keeps a tensor of the open scope until the derivatives are done, where there are any.
   *
   * @param tensor such as a view of a weight
   * @return the same tensor
   */
  public Tensor retained(Tensor tensor) {
    return tape == null ? tensor : tape.saveForBackward(tensor);
  }

  /** Where operators are recorded, or null. */
  Tape tape() {
    return tape;
  }

  static List<Tensor> value(Parameter parameter) {
    return parameter == null ? List.of() : List.of(parameter.value());
  }

  static List<Tensor> gradient(Parameter parameter) {
    return parameter != null && parameter.isTrained() ? List.of(parameter.gradient()) : List.of();
  }

  /**
   * y = x W' + b. Retains x only where W is trained.
   *
   * @param x [.., in]
   * @param weight W [out, in]
   * @param bias b [out], or null
   * @return [.., out]
   */
  public Tensor linear(Tensor x, Parameter weight, Parameter bias) {
    Tensor y = LINEAR.tensor(x, weight.value(), value(bias));
    boolean wantsInput = tracks(x);
    if (wantsInput || trains(weight) || trains(bias)) {
      if (trains(weight)) {
        tape.saveForBackward(x);
      }
      tape.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> {
            if (weight.isTrained()) {
              LINEAR_BACKWARD_WEIGHT.run(dy[0], x, weight.gradient());
            }
            if (bias != null && bias.isTrained()) {
              LINEAR_BACKWARD_BIAS.run(dy[0], bias.gradient());
            }
            return new Tensor[] {
              wantsInput ? LINEAR_BACKWARD_INPUT.tensor(dy[0], weight.value()) : null
            };
          });
    }
    return y;
  }

  /**
   * y = x W' + b with a frozen weight that is recomputed for the derivative. Retains nothing.
   *
   * @param x [.., in]
   * @param weight W [out, in]
   * @param bias b [out], or null; may be trained
   * @return [.., out]
   */
  public Tensor frozenLinear(Tensor x, OnDemandWeight weight, Parameter bias) {
    DType type = x.type();
    Tensor y = weight.using(type, w -> LINEAR.tensor(x, w, value(bias)));
    boolean wantsInput = tracks(x);
    if (wantsInput || trains(bias)) {
      tape.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> {
            if (bias != null && bias.isTrained()) {
              LINEAR_BACKWARD_BIAS.run(dy[0], bias.gradient());
            }
            return new Tensor[] {
              wantsInput ? weight.using(type, w -> LINEAR_BACKWARD_INPUT.tensor(dy[0], w)) : null
            };
          });
    }
    return y;
  }

  /**
   * y = x W' + b by a kernel from outside libtorch. Has no derivative.
   *
   * @param x [.., in]
   * @param out width of the output
   * @param product takes x as [n, in], contiguous, and overwrites x W' [n, out]
   * @param bias b [out], or null
   * @return [.., out]
   * @throws IllegalStateException if operators are recorded
   */
  public Tensor customKernelLinear(
      Tensor x, long out, BiConsumer<Tensor, Tensor> product, Parameter bias) {
    if (tape != null) {
      throw new IllegalStateException("A foreign product has no derivative");
    }
    long[] sizes = x.sizes().clone();
    sizes[sizes.length - 1] = out;
    Tensor[] made = FOREIGN_OPERANDS.tensors(x, sizes);
    for (Tensor one : made) {
      one.typedAs(x);
    }
    try (Tensor rows = made[0];
        Tensor y = made[1]) {
      product.accept(rows, y);
    }
    if (bias != null) {
      ADD_BIAS.run(made[2], bias.value());
    }
    return made[2];
  }

  /**
   * Adds a low-rank update (x a') b' to y in place (Hu et al. 2021, eq. 3). Retains x.
   *
   * @param y the base layer's output [.., out]; not to be used afterwards
   * @param x the update's input [.., in]
   * @param a [rank, in]
   * @param b [out, rank], with any scale already inside
   * @param gradients takes the gradients by a and b, which are closed when it returns
   * @return the sum
   */
  public Tensor lowRank(
      Tensor y, Tensor x, Tensor a, Tensor b, BiConsumer<Tensor, Tensor> gradients) {
    Tensor sum = LOW_RANK.tensor(y, x, a, b);
    if (tape != null) {
      tape.saveForBackward(x);
      tape.record(
          new Tensor[] {sum},
          new Tensor[] {y, x},
          dy -> {
            Tensor[] d = LOW_RANK_BACKWARD.tensors(dy[0], x, a, b);
            gradients.accept(d[1], d[2]);
            return new Tensor[] {dy[0], d[0]};
          });
    }
    return sum;
  }

  /**
   * Adds a low-rank update whose factors are frozen, to y in place. Retains nothing.
   *
   * @param y the base layer's output [.., out]; not to be used afterwards
   * @param x the update's input [.., in]
   * @param a [rank, in]
   * @param b [out, rank], with any scale already inside
   * @return the sum
   */
  public Tensor frozenLowRank(Tensor y, Tensor x, Tensor a, Tensor b) {
    Tensor sum = LOW_RANK.tensor(y, x, a, b);
    if (tracks(x) || tracks(y)) {
      tape.record(
          new Tensor[] {sum},
          new Tensor[] {y, x},
          dy -> new Tensor[] {dy[0], LOW_RANK_BACKWARD_INPUT.tensor(dy[0], a, b)});
    }
    return sum;
  }

  /**
   * Adds uniform noise. Does nothing without a tape. Retains nothing.
   *
   * @param x [B, T, hidden]
   * @param magnitudes F32 [B], the largest noise of each row
   * @param place tells this use from the others of the same pass
   * @return the shape of x
   */
  public Tensor noise(Tensor x, Tensor magnitudes, long place) {
    if (tape == null) {
      return x;
    }
    Torch.seed(mix(seed, place));
    Tensor y = UNIFORM_NOISE.tensor(x, magnitudes);
    if (tracks(x)) {
      tape.record(new Tensor[] {y}, new Tensor[] {x}, dy -> new Tensor[] {dy[0]});
    }
    return y;
  }

  /**
   * Zeroes entries with probability p and scales the rest by 1 / (1 - p). Does nothing without a
   * tape. Retains the mask.
   *
   * @param x any shape
   * @param p probability in [0, 1)
   * @param place tells this use from the others of the same pass
   * @return the shape of x
   */
  public Tensor dropout(Tensor x, double p, long place) {
    if (tape == null || p == 0) {
      return x;
    }
    Torch.seed(mix(seed, place));
    Tensor mask = tape.saveForBackward(DROPOUT_MASK.tensor(x, p));
    Tensor y = MULTIPLY.tensor(x, mask);
    if (tracks(x)) {
      tape.record(
          new Tensor[] {y}, new Tensor[] {x}, dy -> new Tensor[] {MULTIPLY.tensor(dy[0], mask)});
    }
    return y;
  }

  /** SplitMix64's finalizer: neighboring places and seeds give unrelated streams. */
  private static long mix(long seed, long place) {
    long z = seed + place * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /**
   * Cuts a joined projection into heads. Retains nothing: the parts are views.
   *
   * @param x [B, T, sum(heads) D]
   * @param heads number of heads of each part
   * @param headDim D
   * @return one tensor [B, heads, T, D] a part
   */
  public Tensor[] splitHeads(Tensor x, long[] heads, long headDim) {
    Tensor[] parts = SPLIT_HEADS.tensors(x, heads, headDim);
    if (tracks(x)) {
      tape.record(
          parts, new Tensor[] {x}, d -> new Tensor[] {SPLIT_HEADS_BACKWARD.tensor((Object) d)});
    }
    return parts;
  }

  /**
   * Cuts a projection in which each head's query, key and value lie side by side. Retains nothing:
   * the parts are views.
   *
   * @param x [B, T, H 3 D]
   * @param headDim D
   * @return query, key and value [B, H, T, D]
   */
  public Tensor[] splitInterleavedHeads(Tensor x, long headDim) {
    Tensor[] parts = SPLIT_INTERLEAVED_HEADS.tensors(x, headDim);
    if (tracks(x)) {
      tape.record(
          parts,
          new Tensor[] {x},
          d -> new Tensor[] {SPLIT_INTERLEAVED_HEADS_BACKWARD.tensor((Object) d)});
    }
    return parts;
  }

  /**
   * Cuts the last dimension. Retains nothing: the parts are views.
   *
   * @param x [.., sum(widths)]
   * @param widths width of each part
   * @return one tensor [.., width] a part
   */
  public Tensor[] splitColumns(Tensor x, long... widths) {
    Tensor[] parts = SPLIT_COLUMNS.tensors(x, widths);
    if (tracks(x)) {
      tape.record(parts, new Tensor[] {x}, d -> new Tensor[] {CONCATENATE.tensor(d, -1)});
    }
    return parts;
  }

  /**
   * Joins tensors along the last dimension. Retains nothing.
   *
   * @param parts one or more [.., width]
   * @return [.., sum of the widths]; the part itself where there is only one
   */
  public Tensor joinColumns(List<Tensor> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    Tensor y = CONCATENATE.tensor(parts, -1);
    if (parts.stream().anyMatch(this::tracks)) {
      long[] widths = parts.stream().mapToLong(part -> part.size(-1)).toArray();
      tape.record(
          new Tensor[] {y},
          parts.toArray(new Tensor[0]),
          dy -> SPLIT_COLUMNS.tensors(dy[0], widths));
    }
    return y;
  }

  /**
   * Parts the heads of a tensor in two. Retains nothing: the parts are views.
   *
   * @param x [B, heads, T, D]
   * @param first heads of the first part
   * @return the first heads and the rest
   */
  public Tensor[] splitAlongHeads(Tensor x, long first) {
    Tensor[] parts = {x.narrow(1, 0, first), x.narrow(1, first, x.size(1) - first)};
    if (tracks(x)) {
      tape.record(parts, new Tensor[] {x}, d -> new Tensor[] {CONCATENATE.tensor(d, 1)});
    }
    return parts;
  }

  /**
   * Rotary position embedding (Su et al. 2021). Retains nothing.
   *
   * @param x [B, heads, T, D]
   * @param table cosines and sines for the positions
   * @return the shape of x
   */
  public Tensor rotary(Tensor x, RotaryTable table) {
    Tensor y = ROTARY.tensor(x, table.cos(), table.sin());
    if (tracks(x)) {
      tape.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {ROTARY_BACKWARD.tensor(dy[0], table.cos(), table.sin())});
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
   * @param rule how scores are made and what is seen
   * @return the heads side by side [B, T, H D]
   */
  public Tensor attention(Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule) {
    List<Tensor> masks = mask == null ? List.of() : List.of(mask);
    double scale = rule.scale();
    boolean differentiated = tracks(q) || tracks(k) || tracks(v);
    boolean seesAll = !rule.causal() && (mask != null || rule.window() == 0);
    if (!differentiated && seesAll && rule.softCap() == 0 && q.size(1) == k.size(1)) {
      return FUSED_ATTENTION.tensor(q, k, v, masks, scale);
    }
    double cap = rule.softCap();
    boolean causal = rule.causal();
    long window = rule.window();
    Tensor y = ATTENTION.tensor(q, k, v, masks, scale, cap, causal, window);
    if (differentiated) {
      for (Tensor needed : List.of(q, k, v)) {
        tape.saveForBackward(needed);
      }
      tape.record(
          new Tensor[] {y},
          new Tensor[] {q, k, v},
          dy -> ATTENTION_BACKWARD.tensors(dy[0], q, k, v, masks, scale, cap, causal, window));
    }
    return y;
  }

  /**
   * Scaled dot-product attention inside each document of a packed batch. Retains q, k and v.
   *
   * @param q [B, H, T, D]
   * @param k [B, K, T, D], K a divisor of H
   * @param v [B, K, T, D]
   * @param documents where they lie
   * @param rule how scores are made and what is seen; causal
   * @return the heads side by side [B, T, H D]; zeros where there is no document
   * @throws IllegalArgumentException if the rule looks both ways
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
    Tensor y = PACKED_ATTENTION.tensor(q, k, v, gather, real, place, scale, cap, window);
    if (tracks(q) || tracks(k) || tracks(v)) {
      for (Tensor needed : List.of(q, k, v)) {
        tape.saveForBackward(needed);
      }
      tape.record(
          new Tensor[] {y},
          new Tensor[] {q, k, v},
          dy ->
              PACKED_ATTENTION_BACKWARD.tensors(
                  dy[0], q, k, v, gather, real, place, scale, cap, window));
    }
    return y;
  }

  /**
   * act(gate) times up (Shazeer 2020). Retains x.
   *
   * @param x gate and up side by side [.., 2 width]
   * @param activation the gate's activation
   * @return [.., width]
   */
  public Tensor gated(Tensor x, Activation activation) {
    Tensor y = GATED.tensor(x, activation.kind()).typedAs(x);
    if (tracks(x)) {
      tape.saveForBackward(x);
      tape.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {GATED_BACKWARD.tensor(dy[0], x, activation.kind())});
    }
    return y;
  }

  /**
   * act(x). Retains x.
   *
   * @param x any shape
   * @param activation the function
   * @return the shape of x
   */
  public Tensor activation(Tensor x, Activation activation) {
    Tensor y = ACTIVATION.tensor(x, activation.kind());
    if (tracks(x)) {
      tape.saveForBackward(x);
      tape.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {ACTIVATION_BACKWARD.tensor(dy[0], x, activation.kind())});
    }
    return y;
  }

  /**
   * act(x) where x is needed for nothing else: without a tape its memory takes the result.
   *
   * @param x any shape; not to be used afterwards
   * @param activation the function
   * @return the shape of x
   */
  public Tensor activationOf(Tensor x, Activation activation) {
    return tape == null
        ? ACTIVATION_IN_PLACE.tensor(x, activation.kind())
        : activation(x, activation);
  }

  /**
   * x times a number.
   *
   * @param x any shape
   * @param factor the number
   * @return the shape of x; x itself where the number is 1
   */
  public Tensor scaled(Tensor x, double factor) {
    if (factor == 1) {
      return x;
    }
    Tensor y = SCALED.tensor(x, factor);
    if (tracks(x)) {
      tape.record(
          new Tensor[] {y}, new Tensor[] {x}, dy -> new Tensor[] {SCALED.tensor(dy[0], factor)});
    }
    return y;
  }

  /**
   * Weighted sums over positions, such as a mean.
   *
   * @param x [B, T, hidden]
   * @param weights F32 [B, T]
   * @return [B, hidden]
   */
  public Tensor pool(Tensor x, Tensor weights) {
    Tensor y = POOL.tensor(x, weights);
    if (tracks(x)) {
      tape.saveForBackward(weights);
      tape.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {POOL_BACKWARD.tensor(dy[0], weights)});
    }
    return y;
  }

  /**
   * Largest entries over positions. Retains x.
   *
   * @param x [B, T, hidden]
   * @param mask 1 on tokens and 0 on padding, I64 [B, T]
   * @return [B, hidden]
   */
  public Tensor maxPool(Tensor x, Tensor mask) {
    Tensor y = MAX_POOL.tensor(x, mask);
    if (tracks(x)) {
      tape.saveForBackward(x);
      tape.saveForBackward(mask);
      tape.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {MAX_POOL_BACKWARD.tensor(dy[0], x, mask)});
    }
    return y;
  }

  /**
   * x divided by its Euclidean length. Retains x.
   *
   * @param x [.., hidden]
   * @return the shape of x; vectors of length 1, or of zeros where x is zero
   */
  public Tensor normalize(Tensor x) {
    Tensor y = NORMALIZE.tensor(x);
    if (tracks(x)) {
      tape.saveForBackward(x);
      tape.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {NORMALIZE_BACKWARD.tensor(dy[0], x)});
    }
    return y;
  }

  /**
   * x + factor y.
   *
   * @param x any shape
   * @param y the same shape
   * @param factor multiplies y
   * @return their sum
   */
  public Tensor add(Tensor x, Tensor y, double factor) {
    if (factor == 1) {
      return add(x, y);
    }
    Tensor sum = ADD_SCALED.tensor(x, y, factor);
    if (tracks(x) || tracks(y)) {
      tape.record(
          new Tensor[] {sum},
          new Tensor[] {x, y},
          d -> new Tensor[] {d[0], SCALED.tensor(d[0], factor)});
    }
    return sum;
  }

  /**
   * x + y.
   *
   * @param x any shape
   * @param y the same shape
   * @return their sum
   */
  public Tensor add(Tensor x, Tensor y) {
    Tensor sum = ADD.tensor(x, y).typedAs(x);
    if (tracks(x) || tracks(y)) {
      tape.record(new Tensor[] {sum}, new Tensor[] {x, y}, d -> new Tensor[] {d[0], d[0]});
    }
    return sum;
  }

  /**
   * The rows that carry a target, out of every position's.
   *
   * @param x [B, T, hidden]
   * @param index positions in row-major order, I64 [N]
   * @return [N, hidden]
   */
  public Tensor gatherRows(Tensor x, Tensor index) {
    Tensor y = GATHER_ROWS.tensor(x, index);
    if (tracks(x)) {
      long[] sizes = x.sizes();
      tape.saveForBackward(index);
      tape.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {SCATTER_ROWS.tensor(dy[0], index, sizes)});
    }
    return y;
  }

  /**
   * Runs a part of the network whose intermediates live and die together.
   *
   * <p>Without a tape they are closed when the part is done, and so they are with one where the
   * part neither trains nor depends on what does. Otherwise they are kept for the derivative, or,
   * when recomputing, dropped at once and made again from x when the derivative asks for them (Chen
   * et al. 2016).
   *
   * @param x the part's only input that is differentiated
   * @param recompute whether to drop the intermediates
   * @param body the part; it must use only the operators it is given
   * @return the part's output
   */
  public Tensor checkpoint(Tensor x, boolean recompute, BiFunction<Ops, Tensor, Tensor> body) {
    if (tape == null) {
      try (Scope scope = Scope.open()) {
        return scope.keep(body.apply(this, x));
      }
    }
    return recompute ? recomputed(x, body) : kept(x, body);
  }

  private Tensor kept(Tensor x, BiFunction<Ops, Tensor, Tensor> body) {
    Tape inner = new Tape();
    Tensor y = forward(inner, x, body);
    if (!inner.tracks(y)) {
      inner.close();
      return y;
    }
    tape.saveForBackward(x);
    tape.take(y);
    tape.onClose(inner);
    tape.record(
        new Tensor[] {y},
        new Tensor[] {x},
        dy -> {
          Tensor dx = inner.walk(y, dy[0], x);
          inner.close();
          return new Tensor[] {dx};
        });
    return y;
  }

  private Tensor recomputed(Tensor x, BiFunction<Ops, Tensor, Tensor> body) {
    // Dropout must draw the masks of the derivative's pass, so this pass records too, briefly.
    Tensor y;
    try (Tape dropped = new Tape()) {
      y = forward(dropped, x, body);
      if (!dropped.tracks(y)) {
        return y;
      }
      tape.take(y);
    }
    tape.saveForBackward(x);
    tape.record(
        new Tensor[] {y},
        new Tensor[] {x},
        dy -> {
          try (Tape inner = new Tape()) {
            Tensor again = forward(inner, x, body);
            Tensor dx = inner.walk(again, dy[0], x);
            again.close();
            return new Tensor[] {dx};
          }
        });
    return y;
  }

  private Tensor forward(Tape inner, Tensor x, BiFunction<Ops, Tensor, Tensor> body) {
    if (tape.tracks(x)) {
      inner.track(x);
    }
    try (Scope scope = Scope.open()) {
      return scope.keep(body.apply(new Ops(inner, seed), x));
    }
  }
}
