package io.adapt4j.federated;

/**
 * How the adapters of the sites become one. The aim is always the weighted mean of their updates
 * scale B A; the mean of the Bs times the mean of the As is something else.
 */
public enum Aggregation {
  /**
   * All sites share one random A that stays as it is; only B trains and is averaged (FFA-LoRA, Sun
   * et al. 2024). The mean of the updates, exactly; the cheapest, and the one that noise harms
   * least. Less can be learned than with both factors.
   */
  FREEZE_A,

  /**
   * The best adapter of the method's rank for the mean of the updates: factors side by side, QR
   * decompositions, the singular values of the small core. Exact where the mean has that rank; else
   * nothing of the rank is nearer. The default.
   */
  STACK_SVD,

  /**
   * Factors side by side are the mean exactly; it is added to the base after each round, and sites
   * start with a new adapter (FLoRA, Wang et al. 2024). Sites may have any ranks. The result is a
   * new base.
   */
  STACK_MERGE,

  /**
   * Factors are averaged by themselves, and what the mean of the updates has beside their product
   * is added to the base (FedEx-LoRA, Singhal et al. 2024). Exact; the result is a new base with an
   * adapter.
   */
  RESIDUAL,

  /**
   * Factors are averaged by themselves, as most programs do. Not the mean of the updates; each
   * round reports by how much. For comparison.
   */
  NAIVE;

  /** Whether rounds change the base. */
  boolean changesBase() {
    return this == STACK_MERGE || this == RESIDUAL;
  }

  /** Whether the new values are a weighted sum of the sites' values. */
  boolean isLinear() {
    return this == FREEZE_A || this == NAIVE;
  }

  /** Whether a tensor trains at the sites. */
  boolean trains(String tensor) {
    return this != FREEZE_A || !tensor.contains("lora_A");
  }
}
