package io.adapt4j.federated;

/**
 * Method of combining the sites' adapters. The goal is always the weighted mean of the updates
 * scale B A, which differs from the mean of the Bs times the mean of the As.
 */
public enum Aggregation {
  /**
   * All sites share a frozen random A; only B is trained and averaged (FFA-LoRA, Sun et al. 2024).
   * Gives the exact mean of the updates; the cheapest method, and the most robust to noise. Less
   * expressive than training both matrices.
   */
  FREEZE_A,

  /**
   * The best approximation of the mean of the updates in the method's rank: concatenated matrices,
   * QR decompositions, and an SVD of the small core. Exact if the mean has at most that rank. The
   * default.
   */
  STACK_SVD,

  /**
   * The exact mean by concatenating the matrices; it is merged into the base after each round, and
   * sites start with a new adapter (FLoRA, Wang et al. 2024). Sites may have any ranks. The result
   * is a new base.
   */
  STACK_MERGE,

  /**
   * A and B are averaged separately, and the residual of the mean of the updates is added to the
   * base (FedEx-LoRA, Singhal et al. 2024). Exact; the result is a new base with an adapter.
   */
  RESIDUAL,

  /**
   * A and B are averaged separately, as in most implementations. Not the mean of the updates; each
   * round reports the error. For comparison.
   */
  NAIVE;

  /** Returns whether rounds change the base. */
  boolean changesBase() {
    return this == STACK_MERGE || this == RESIDUAL;
  }

  /** Returns whether the new values are a weighted sum of the sites' values. */
  boolean isLinear() {
    return this == FREEZE_A || this == NAIVE;
  }

  /** Returns whether a tensor trains at the sites. */
  boolean trains(String tensor) {
    return this != FREEZE_A || !tensor.contains("lora_A");
  }
}
