package io.adapt4j.core.internal.task.preference;

/** Direct preference optimization and the losses that differ from it in a pair's term only. */
public record Dpo(double beta, Form form, double labelSmoothing) implements LossSettings {

  /** The term of a pair; {@code PreferenceLoss} has the formulas. */
  public enum Form {
    /** Of DPO. */
    SIGMOID,
    /** Of DPO with unbiased smoothing. */
    ROBUST,
    /** A hinge. */
    HINGE,
    /** Identity preference optimization. */
    IPO,
    /** Noise contrastive alignment. */
    NCA,
    /** Self-play preference optimization. */
    SPPO,
    /** Anchored: the chosen up, the rejected down. */
    APO_ZERO,
    /** Anchored: both down, the rejected more. */
    APO_DOWN,
    /** Optimal transport of differences. */
    AOT,
    /** Optimal transport of the answers of pairs. */
    AOT_PAIR
  }
}
