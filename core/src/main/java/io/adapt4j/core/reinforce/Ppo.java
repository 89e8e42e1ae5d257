package io.adapt4j.core.reinforce;

import java.util.Objects;

/**
 * Proximal policy optimization (Schulman et al. 2017) as RLHF uses it (Ziegler et al. 2019): the
 * divergence from the model as it was before is taken off the reward of each token, a value head on
 * the same network says what was to be expected.
 *
 * @param rollout what is sampled, and what it is rewarded for
 * @param clip how far from 1 a ratio counts; default 0.2
 * @param valueClip how far from its old value a value counts; default 0.2
 * @param valueCoefficient what the loss of the value head counts; default 0.1
 * @param discount gamma; default 1
 * @param lambda of the generalized advantages; default 0.95
 * @param kl what the divergence costs; default 0.05 a nat
 * @param klEstimator how the divergence of a token is estimated; default {@link KlEstimator#K1}
 * @param whitensRewards whether rewards are scaled to a variance of 1 over the rollout; default no
 */
public record Ppo(
    RolloutOptions rollout,
    double clip,
    double valueClip,
    double valueCoefficient,
    double discount,
    double lambda,
    KlControl kl,
    KlEstimator klEstimator,
    boolean whitensRewards)
    implements Reinforcement {

  /** Default of what a nat of divergence costs. */
  public static final double KL_COEFFICIENT = 0.05;

  /**
   * Checks the values.
   *
   * @param rollout what is sampled, and what it is rewarded for
   * @param clip how far from 1 a ratio counts
   * @param valueClip how far from its old value a value counts
   * @param valueCoefficient what the loss of the value head counts
   * @param discount gamma
   * @param lambda of the generalized advantages
   * @param kl what the divergence costs
   * @param klEstimator how the divergence of a token is estimated
   * @param whitensRewards whether rewards are scaled to a variance of 1 over the rollout
   * @throws IllegalArgumentException if a value is out of its range
   */
  public Ppo {
    Objects.requireNonNull(kl, "kl");
    Objects.requireNonNull(klEstimator, "klEstimator");
    Numbers.require(clip > 0 && clip < 1, "clip", "above 0 and below 1", clip);
    Numbers.requirePositive("valueClip", valueClip);
    Numbers.requireNotNegative("valueCoefficient", valueCoefficient);
    Numbers.require(discount > 0 && discount <= 1, "discount", "above 0 and at most 1", discount);
    Numbers.require(lambda >= 0 && lambda <= 1, "lambda", "from 0 to 1", lambda);
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
    return kl.coefficient() > 0;
  }

  /** Collects the options. Required: a reward. */
  public static final class Builder extends ReinforcementBuilder<Builder> {

    private double clip = 0.2;
    private double valueClip = 0.2;
    private double valueCoefficient = 0.1;
    private double discount = 1;
    private double lambda = 0.95;
    private KlControl kl = KlControl.fixed(KL_COEFFICIENT);
    private KlEstimator klEstimator = KlEstimator.K1;
    private boolean whitensRewards;

    private Builder() {
      super(1, 4);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * How far from 1 a ratio counts; default 0.2.
     *
     * @param distance above 0 and below 1
     * @return this builder
     */
    public Builder clip(double distance) {
      clip = distance;
      return this;
    }

    /**
     * How far from its old value a value counts; default 0.2.
     *
     * @param distance above 0
     * @return this builder
     */
    public Builder valueClip(double distance) {
      valueClip = distance;
      return this;
    }

    /**
     * What the loss of the value head counts beside that of the policy; default 0.1.
     *
     * @param coefficient at least 0
     * @return this builder
     */
    public Builder valueCoefficient(double coefficient) {
      valueCoefficient = coefficient;
      return this;
    }

    /**
     * What the reward of the next token counts; default 1.
     *
     * @param gamma above 0 and at most 1
     * @return this builder
     */
    public Builder discount(double gamma) {
      discount = gamma;
      return this;
    }

    /**
     * Weighs bias against variance of the advantages; default 0.95.
     *
     * @param value from 0 to 1
     * @return this builder
     */
    public Builder lambda(double value) {
      lambda = value;
      return this;
    }

    /**
     * What the divergence from the model as it was before costs; default 0.05 a nat.
     *
     * @param control a fixed coefficient, or one that follows a target
     * @return this builder
     */
    public Builder kl(KlControl control) {
      kl = control;
      return this;
    }

    /**
     * How the divergence of a token is estimated; default {@link KlEstimator#K1}.
     *
     * @param estimator the estimate
     * @return this builder
     */
    public Builder klEstimator(KlEstimator estimator) {
      klEstimator = estimator;
      return this;
    }

    /**
     * Scales the rewards of a rollout to a variance of 1, their mean kept.
     *
     * @return this builder
     */
    public Builder whitenRewards() {
      whitensRewards = true;
      return this;
    }

    /**
     * Checks and returns the description.
     *
     * @return the algorithm
     * @throws IllegalArgumentException if a value is out of its range or no reward is given
     */
    public Ppo build() {
      return new Ppo(
          rollout(),
          clip,
          valueClip,
          valueCoefficient,
          discount,
          lambda,
          kl,
          klEstimator,
          whitensRewards);
    }
  }
}
