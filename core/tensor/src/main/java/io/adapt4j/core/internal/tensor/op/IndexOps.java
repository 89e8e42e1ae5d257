package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Operators of the choice of tokens that attention reads (DeepSeek-AI 2025, DeepSeek-V3.2, section
 * 2.1); without gradients.
 */
public final class IndexOps {

  private static final Operator KEY = Operator.core("index_key");
  private static final Operator QUERY = Operator.core("index_query");
  private static final Operator WEIGHTS = Operator.core("index_weights");
  private static final Operator SCALED = Operator.core("index_scaled");
  private static final Operator MASK = Operator.core("index_mask");
  private static final Operator JOINED = Operator.core("index_joined");
  private static final Operator WIDENED = Operator.core("index_widened");

  private IndexOps() {}

  /**
   * Normalizes projected keys [B, T, D] with a layer norm's scale and bias, and rotates their first
   * columns, in pairs of adjacent ones or of halves, to [B, 1, T, D].
   */
  public static Tensor keys(Tensor x, Tensor scale, Tensor bias, RotaryTable table, boolean pairs) {
    return KEY.tensor(x, scale, bias, table.cos(), table.sin(), pairs).typedAs(x);
  }

  /** Rotates the first columns of projected queries [B, T, H D] to [B, H, T, D]. */
  public static Tensor queries(Tensor x, int heads, RotaryTable table, boolean pairs) {
    return QUERY.tensor(x, heads, table.cos(), table.sin(), pairs).typedAs(x);
  }

  /** Returns the weights of heads [B, T, H], in fp32, of tokens [B, T, hidden]. */
  public static Tensor weights(Tensor x, Tensor weight, int dim) {
    return WEIGHTS.tensor(x, weight, dim);
  }

  /** Returns the weights of heads [B, T, H], in fp32, of projected tokens [B, T, H]. */
  public static Tensor weights(Tensor projected, int dim) {
    return SCALED.tensor(projected, dim);
  }

  /**
   * Returns the additive mask [B, 1, T, S] of the chosen keys, at most S: those of the last T
   * tokens and all before [B, 1, S, D], for queries [B, H, T, D]. A mask says what may be chosen;
   * null for the causal one.
   */
  public static Tensor mask(
      Tensor queries, Tensor keys, Tensor weights, @Nullable Tensor mask, int chosen) {
    List<Tensor> masks = mask == null ? List.of() : List.of(mask);
    return MASK.tensor(queries, keys, weights, masks, chosen).typedAs(queries);
  }

  /** Puts keys [B, 1, T, D] before those of attention [B, 1, T, W]. */
  public static Tensor joined(Tensor keys, Tensor ofAttention) {
    return JOINED.tensor(keys, ofAttention).typedAs(ofAttention);
  }

  /** Puts D zeros before the columns of queries. */
  public static Tensor widened(Tensor q, int dim) {
    return WIDENED.tensor(q, dim).typedAs(q);
  }
}
