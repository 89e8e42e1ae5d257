package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;

/** Attention masks. */
public final class Masks {

  private static final Operator CAUSAL_MASK = Operator.core("causal_mask");
  private static final Operator PADDING_MASK = Operator.core("padding_mask");

  private Masks() {}

  /**
   * Creates an additive mask that hides padding, future tokens and keys outside of a window.
   *
   * @param attentionMask 1 on tokens and 0 on padding, I64 [B, keys]
   * @param window number of keys a query sees, including its own; 0 for all
   * @return [B, 1, T, keys]; 0 where visible, otherwise the most negative finite number
   */
  public static Tensor causal(Tensor attentionMask, long queries, long window, DType type) {
    return CAUSAL_MASK.tensor(attentionMask, queries, window, type);
  }

  /**
   * Creates an additive bidirectional mask that hides padding and keys outside of a window.
   *
   * @param attentionMask 1 on tokens and 0 on padding, I64 [B, T]
   * @param window maximum distance seen; 0 for no limit
   * @return [B, 1, 1, T], or [B, 1, T, T] with a window; 0 where visible
   */
  public static Tensor padding(Tensor attentionMask, long window, DType type) {
    return PADDING_MASK.tensor(attentionMask, window, type);
  }
}
