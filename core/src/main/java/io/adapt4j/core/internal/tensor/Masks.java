package io.adapt4j.core.internal.tensor;

/** Attention masks. */
public final class Masks {

  private static final Operator CAUSAL_MASK = Operator.core("causal_mask");
  private static final Operator PADDING_MASK = Operator.core("padding_mask");

  private Masks() {}

  /**
   * Makes an additive mask that hides padding, the future, and what is beyond a window.
   *
   * @param attentionMask 1 on tokens and 0 on padding, I64 [B, keys]
   * @param window keys a query sees, its own included; 0 for all
   * @return [B, 1, T, keys]; 0 where seen, the most negative finite number where not
   */
  public static Tensor causal(Tensor attentionMask, long queries, long window, DType type) {
    return CAUSAL_MASK.tensor(attentionMask, queries, window, type);
  }

  /**
   * Makes an additive mask that hides padding and what is further away than a window, both ways.
   *
   * @param attentionMask 1 on tokens and 0 on padding, I64 [B, T]
   * @param window the largest distance seen; 0 for no limit
   * @return [B, 1, 1, T], or [B, 1, T, T] with a window; 0 where seen
   */
  public static Tensor padding(Tensor attentionMask, long window, DType type) {
    return PADDING_MASK.tensor(attentionMask, window, type);
  }
}
