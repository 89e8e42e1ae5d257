package io.adapt4j.core.engine;

/** Attention masks. */
public final class Masks {

  private Masks() {}

  /**
   * Makes an additive mask that hides padding and the future.
   *
   * @param attentionMask 1 on tokens and 0 on padding, I64 [B, keys]
   * @param queries T; they are the last positions of the keys
   * @param type the compute type
   * @return [B, 1, T, keys]; 0 where seen, the most negative finite number where not
   */
  public static Tensor causal(Tensor attentionMask, long queries, DType type) {
    return LibTorch.tensor("causal_mask", false, attentionMask, queries, type);
  }
}
