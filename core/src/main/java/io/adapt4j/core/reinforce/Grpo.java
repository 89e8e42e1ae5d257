package io.adapt4j.core.reinforce;

import java.util.Objects;

/**
 * Group relative policy optimization (DeepSeekMath, Shao et al. 2024) and its relatives: several
 * completions a prompt are judged against each other, so that no value head is needed.
 *
 * <p>RLOO is {@code advantages(LEAVE_ONE_OUT)}; Dr. GRPO is {@code advantages(CENTERED)} with
 * {@code normalization(DR_GRPO)}; DAPO's loss is {@code normalization(DAPO).clip(0.2, 0.28)};
 * GSPO's is {@code sequenceRatios()}.
 */
public final class Grpo extends Reinforcement {

  /** Default of how far from 1 a ratio counts. */
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
   * Starts describing a run.
   *
   * @return a builder with every default
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return how completions of a group are compared} */
  public AdvantageEstimator advantages() {
    return advantages;
  }

  /** {@return what token losses are divided by} */
  public LossNormalization normalization() {
    return normalization;
  }

  /** {@return how far below 1 a ratio counts} */
  public double clipLow() {
    return clipLow;
  }

  /** {@return how far above 1 a ratio counts} */
  public double clipHigh() {
    return clipHigh;
  }

  /** {@return beta of the divergence from the model as it was before; 0 leaves it out} */
  public double klCoefficient() {
    return klCoefficient;
  }

  /** {@return whether a completion has one ratio, the geometric mean over its tokens} */
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

  /** Collects the options. Required: a reward. */
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
      return new Grpo(this);
    }
  }
}
