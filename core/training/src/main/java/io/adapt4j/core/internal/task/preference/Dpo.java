package io.adapt4j.core.internal.task.preference;

/**
 * Settings of direct preference optimization (DPO) and of losses that differ only in the term of a
 * pair.
 */
public record Dpo(double beta, Form form, double labelSmoothing) implements LossSettings {

  /** The term of a pair; {@code PreferenceLoss} has the formulas. */
  public enum Form {
    /** DPO. */
    SIGMOID,
    /** DPO with unbiased smoothing. */
    ROBUST,
    /** Hinge loss. */
    HINGE,
    /** Identity preference optimization. */
    IPO,
    /** Noise contrastive alignment. */
    NCA,
    /** Self-play preference optimization. */
    SPPO,
    /** Anchored: increases the chosen, decreases the rejected. */
    APO_ZERO,
    /** Anchored: decreases both, the rejected more. */
    APO_DOWN,
    /** Optimal transport of differences. */
    AOT,
    /** Optimal transport of the answers of pairs. */
    AOT_PAIR
  }
}
