package io.adapt4j.core.reinforce;

import java.util.Objects;

/**
 * Group relative policy optimization (DeepSeekMath, Shao et al. 2024) and its variants: several
 * completions of a prompt are compared with each other, so that no value head is needed.
 *
 * <p>RLOO is {@code advantages(LEAVE_ONE_OUT)}; Dr. GRPO is {@code advantages(CENTERED)} with
 * {@code normalization(DR_GRPO)}; DAPO's loss is {@code normalization(DAPO).clip(0.2, 0.28)};
 * GSPO's is {@code sequenceRatios()}.
 */
public final class Grpo extends Reinforcement {

  /** Default clip range. */
  public static final double CLIP = 0.2;

  private final AdvantageEstimator advantages;
  private final LossNormalization normalization;
  private final double clipLow;
  private final double clipHigh;
  private final double klCoefficient;
  private final boolean sequenceRatios;

  private Grpo(Builder builder) {
    super(builder);
    advantages = Objects.requireNonNull(builder.advantages, "advantages");
    normalization = Objects.requireNonNull(builder.normalization, "normalization");
    clipLow = builder.clipLow;
    clipHigh = builder.clipHigh;
    klCoefficient = builder.klCoefficient;
    sequenceRatios = builder.sequenceRatios;
    Numbers.requireAtLeast("groupSize of GRPO", groupSize(), 2);
    Numbers.require(clipLow > 0 && clipLow < 1, "clipLow", "above 0 and below 1", clipLow);
    Numbers.requirePositive("clipHigh", clipHigh);
    Numbers.requireNotNegative("klCoefficient", klCoefficient);
  }

  /**
   * Creates a builder.
   *
   * @return a builder with every default
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the advantage estimator} */
  public AdvantageEstimator advantages() {
    return advantages;
  }

  /** {@return the normalization of token losses} */
  public LossNormalization normalization() {
    return normalization;
  }

  /** {@return the lower clip range: ratios are clipped to at least 1 minus this} */
  public double clipLow() {
    return clipLow;
  }

  /** {@return the upper clip range: ratios are clipped to at most 1 plus this} */
  public double clipHigh() {
    return clipHigh;
  }

  /** {@return beta, the coefficient of the KL divergence from the initial model; 0 disables it} */
  public double klCoefficient() {
    return klCoefficient;
  }

  /** {@return whether a completion has a single ratio, the geometric mean over its tokens} */
  public boolean sequenceRatios() {
    return sequenceRatios;
  }

  @Override
  public boolean usesReference() {
    return klCoefficient > 0;
  }

  @Override
  public String toString() {
    return "Grpo[rollout="
        + rollout()
        + ", advantages="
        + advantages
        + ", normalization="
        + normalization
        + ", clipLow="
        + clipLow
        + ", clipHigh="
        + clipHigh
        + ", klCoefficient="
        + klCoefficient
        + ", sequenceRatios="
        + sequenceRatios
        + "]";
  }

  /** Builder of the options. Required: a reward. */
  public static final class Builder extends Reinforcement.Builder<Builder> {

    private AdvantageEstimator advantages = AdvantageEstimator.GROUP_SCALED;
    private LossNormalization normalization = LossNormalization.DAPO;
    private double clipLow = CLIP;
    private double clipHigh = CLIP;
    private double klCoefficient = 0.04;
    private boolean sequenceRatios;

    private Builder() {
      super(8, 1);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Sets the advantage estimator; default {@link AdvantageEstimator#GROUP_SCALED}.
     *
     * @param estimator the estimator
     */
    public Builder advantages(AdvantageEstimator estimator) {
      advantages = estimator;
      return this;
    }

    /**
     * Sets the normalization of token losses; default {@link LossNormalization#DAPO}.
     *
     * @param divisor the normalization
     */
    public Builder normalization(LossNormalization divisor) {
      normalization = divisor;
      return this;
    }

    /**
     * Sets the clip range of ratios around 1; default 0.2 to either side.
     *
     * @param low range below 1; above 0 and below 1
     * @param high range above 1; above 0
     */
    public Builder clip(double low, double high) {
      clipLow = low;
      clipHigh = high;
      return this;
    }

    /**
     * Sets beta, the coefficient of the KL divergence from the initial model; default 0.04. With 0
     * no reference is computed, and the divergence is reported in evaluations only.
     *
     * @param beta at least 0
     */
    public Builder klCoefficient(double beta) {
      klCoefficient = beta;
      return this;
    }

    /**
     * Uses a single ratio per completion, the geometric mean over its tokens (GSPO, Zheng et al.
     * 2025). Choose a clip range of about 3e-4 to 3e-2 then.
     */
    public Builder sequenceRatios() {
      sequenceRatios = true;
      return this;
    }

    /**
     * Checks the options and builds the algorithm.
     *
     * @return the algorithm
     * @throws IllegalArgumentException if a value is out of range or no reward is given
     */
    public Grpo build() {
      return new Grpo(this);
    }
  }
}
