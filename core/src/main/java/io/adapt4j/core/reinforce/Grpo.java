package io.adapt4j.core.reinforce;

import java.util.Objects;

/**
 * Group relative policy optimization (DeepSeekMath, Shao et al. 2024) and its relatives: several
 * completions a prompt are judged against each other, so that no value head is needed.
 *
 * <p>RLOO is {@code advantages(LEAVE_ONE_OUT)}; Dr. GRPO is {@code advantages(CENTERED)} with
 * {@code normalization(DR_GRPO)}; DAPO's loss is {@code normalization(DAPO).clip(0.2, 0.28)};
 * GSPO's is {@code sequenceRatios()}.
 *
 * @param rollout what is sampled, and what it is rewarded for
 * @param advantages how completions of a group are compared; default {@link
 *     AdvantageEstimator#GROUP_SCALED}
 * @param normalization what token losses are divided by; default {@link LossNormalization#DAPO}
 * @param clipLow how far below 1 a ratio counts; default 0.2
 * @param clipHigh how far above 1 a ratio counts; default 0.2
 * @param klCoefficient beta of the divergence from the model as it was before; default 0.04, 0
 *     leaves it out
 * @param sequenceRatios whether a completion has one ratio, the geometric mean over its tokens
 */
public record Grpo(
    RolloutOptions rollout,
    AdvantageEstimator advantages,
    LossNormalization normalization,
    double clipLow,
    double clipHigh,
    double klCoefficient,
    boolean sequenceRatios)
    implements Reinforcement {

  /** Default of how far from 1 a ratio counts. */
  public static final double CLIP = 0.2;

  /**
   * Checks the values.
   *
   * @param rollout what is sampled, and what it is rewarded for
   * @param advantages how completions of a group are compared
   * @param normalization what token losses are divided by
   * @param clipLow how far below 1 a ratio counts
   * @param clipHigh how far above 1 a ratio counts
   * @param klCoefficient beta of the divergence from the model as it was before
   * @param sequenceRatios whether a completion has one ratio
   * @throws IllegalArgumentException if a value is out of its range
   */
  public Grpo {
    Objects.requireNonNull(advantages, "advantages");
    Objects.requireNonNull(normalization, "normalization");
    Numbers.requireAtLeast("groupSize of GRPO", rollout.groupSize(), 2);
    Numbers.require(clipLow > 0 && clipLow < 1, "clipLow", "above 0 and below 1", clipLow);
    Numbers.requirePositive("clipHigh", clipHigh);
    Numbers.requireNotNegative("klCoefficient", klCoefficient);
  }

  /**
   * Starts describing a run.
   *
   * @return a builder with every default
   */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public boolean usesReference() {
    return klCoefficient > 0;
  }

  /** Collects the options. Required: a reward. */
  public static final class Builder extends ReinforcementBuilder<Builder> {

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
     * How completions of a group are compared; default {@link AdvantageEstimator#GROUP_SCALED}.
     *
     * @param estimator the comparison
     * @return this builder
     */
    public Builder advantages(AdvantageEstimator estimator) {
      advantages = estimator;
      return this;
    }

    /**
     * What token losses are divided by; default {@link LossNormalization#DAPO}.
     *
     * @param divisor the normalization
     * @return this builder
     */
    public Builder normalization(LossNormalization divisor) {
      normalization = divisor;
      return this;
    }

    /**
     * How far from 1 a ratio counts; default 0.2 to either side.
     *
     * @param low below 1; above 0 and below 1
     * @param high above 1; above 0
     * @return this builder
     */
    public Builder clip(double low, double high) {
      clipLow = low;
      clipHigh = high;
      return this;
    }

    /**
     * Beta of the divergence from the model as it was before; default 0.04. With 0 no reference is
     * scored, and its divergence is reported in evaluations only.
     *
     * @param beta at least 0
     * @return this builder
     */
    public Builder klCoefficient(double beta) {
      klCoefficient = beta;
      return this;
    }

    /**
     * Gives a completion one ratio, the geometric mean over its tokens (GSPO, Zheng et al. 2025).
     * Choose a clip of about 3e-4 to 3e-2 then.
     *
     * @return this builder
     */
    public Builder sequenceRatios() {
      sequenceRatios = true;
      return this;
    }

    /**
     * Checks and returns the description.
     *
     * @return the algorithm
     * @throws IllegalArgumentException if a value is out of its range or no reward is given
     */
    public Grpo build() {
      return new Grpo(
          rollout(), advantages, normalization, clipLow, clipHigh, klCoefficient, sequenceRatios);
    }
  }
}
