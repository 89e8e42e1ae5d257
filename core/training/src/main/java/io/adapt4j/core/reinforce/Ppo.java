package io.adapt4j.core.reinforce;

import java.util.Objects;
import java.util.OptionalDouble;

/**
 * Proximal policy optimization (Schulman et al. 2017) as RLHF uses it (Ziegler et al. 2019): the KL
 * divergence from the initial model is subtracted from the reward of each token, and a value head
 * on the same network estimates the expected reward.
 */
public final class Ppo extends Reinforcement {

  /** Default KL coefficient: reward lost per nat of divergence. */
  public static final double KL_COEFFICIENT = 0.05;

  private final double clip;
  private final double valueClip;
  private final double valueCoefficient;
  private final double discount;
  private final double lambda;
  private final double klCoefficient;
  private final OptionalDouble klTarget;
  private final OptionalDouble klHorizon;
  private final KlEstimator klEstimator;
  private final boolean whitensRewards;

  private Ppo(Builder builder) {
    super(builder, true);
    clip = builder.clip;
    valueClip = builder.valueClip;
    valueCoefficient = builder.valueCoefficient;
    discount = builder.discount;
    lambda = builder.lambda;
    klCoefficient = builder.klCoefficient;
    klTarget = builder.klTarget;
    klHorizon = builder.klHorizon;
    klEstimator = Objects.requireNonNull(builder.klEstimator, "klEstimator");
    whitensRewards = builder.whitensRewards;
    Numbers.require(clip > 0 && clip < 1, "clip", "above 0 and below 1", clip);
    Numbers.requirePositive("valueClip", valueClip);
    Numbers.requireNotNegative("valueCoefficient", valueCoefficient);
    Numbers.require(discount > 0 && discount <= 1, "discount", "above 0 and at most 1", discount);
    Numbers.require(lambda >= 0 && lambda <= 1, "lambda", "from 0 to 1", lambda);
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

  /** {@return the clip range of ratios around 1} */
  public double clip() {
    return clip;
  }

  /** {@return the clip range of values around their old values} */
  public double valueClip() {
    return valueClip;
  }

  /** {@return the coefficient of the value loss} */
  public double valueCoefficient() {
    return valueCoefficient;
  }

  /** {@return gamma, the discount factor} */
  public double discount() {
    return discount;
  }

  /** {@return lambda of generalized advantage estimation} */
  public double lambda() {
    return lambda;
  }

  /** {@return the KL coefficient, the initial one if it adapts to a target} */
  public double klCoefficient() {
    return klCoefficient;
  }

  /** {@return the target divergence per completion in nats; empty if the coefficient is fixed} */
  public OptionalDouble klTarget() {
    return klTarget;
  }

  /** {@return completions after which a sustained deviation has its full effect; empty if fixed} */
  public OptionalDouble klHorizon() {
    return klHorizon;
  }

  /** {@return the estimator of a token's divergence} */
  public KlEstimator klEstimator() {
    return klEstimator;
  }

  /** {@return whether rewards are scaled to a variance of 1 over the rollout} */
  public boolean whitensRewards() {
    return whitensRewards;
  }

  @Override
  public boolean usesReference() {
    return klCoefficient > 0;
  }

  @Override
  public String toString() {
    String kl =
        klTarget.isPresent()
            ? "Adaptive[coefficient="
                + klCoefficient
                + ", target="
                + klTarget.getAsDouble()
                + ", horizon="
                + klHorizon.getAsDouble()
                + "]"
            : "Fixed[coefficient=" + klCoefficient + "]";
    return "Ppo[rollout="
        + rollout()
        + ", clip="
        + clip
        + ", valueClip="
        + valueClip
        + ", valueCoefficient="
        + valueCoefficient
        + ", discount="
        + discount
        + ", lambda="
        + lambda
        + ", kl="
        + kl
        + ", klEstimator="
        + klEstimator
        + ", whitensRewards="
        + whitensRewards
        + "]";
  }

  /** Builder of the options. Required: a reward. */
  public static final class Builder extends Reinforcement.Builder<Builder> {

    private double clip = 0.2;
    private double valueClip = 0.2;
    private double valueCoefficient = 0.1;
    private double discount = 1;
    private double lambda = 0.95;
    private double klCoefficient = KL_COEFFICIENT;
    private OptionalDouble klTarget = OptionalDouble.empty();
    private OptionalDouble klHorizon = OptionalDouble.empty();
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
     * Sets the clip range of ratios around 1; default 0.2.
     *
     * @param distance above 0 and below 1
     */
    public Builder clip(double distance) {
      clip = distance;
      return this;
    }

    /**
     * Sets the clip range of values around their old values; default 0.2.
     *
     * @param distance above 0
     */
    public Builder valueClip(double distance) {
      valueClip = distance;
      return this;
    }

    /**
     * Sets the coefficient of the value loss relative to the policy loss; default 0.1.
     *
     * @param coefficient at least 0
     */
    public Builder valueCoefficient(double coefficient) {
      valueCoefficient = coefficient;
      return this;
    }

    /**
     * Sets gamma, the discount factor; default 1.
     *
     * @param gamma above 0 and at most 1
     */
    public Builder discount(double gamma) {
      discount = gamma;
      return this;
    }

    /**
     * Sets lambda of generalized advantage estimation, which trades bias for variance; default
     * 0.95.
     *
     * @param value from 0 to 1
     */
    public Builder lambda(double value) {
      lambda = value;
      return this;
    }

    /**
     * Sets a fixed KL coefficient for the divergence from the initial model; default 0.05 per nat.
     *
     * @param coefficient reward lost per nat, at least 0
     */
    public Builder klCoefficient(double coefficient) {
      klCoefficient = coefficient;
      klTarget = OptionalDouble.empty();
      klHorizon = OptionalDouble.empty();
      return this;
    }

    /**
     * Adapts the KL coefficient so that the divergence of a completion approaches a target (Ziegler
     * et al. 2019, eq. 3): by at most 20 % of completions over horizon per rollout.
     *
     * @param coefficient initial reward lost per nat, above 0
     * @param target nats per completion, above 0
     * @param horizon completions after which a sustained deviation has its full effect, above 0
     * @throws IllegalArgumentException if a number is not above 0
     */
    public Builder adaptiveKl(double coefficient, double target, double horizon) {
      Numbers.requirePositive("klCoefficient", coefficient);
      Numbers.requirePositive("the target of the divergence", target);
      Numbers.requirePositive("the horizon", horizon);
      klCoefficient = coefficient;
      klTarget = OptionalDouble.of(target);
      klHorizon = OptionalDouble.of(horizon);
      return this;
    }

    /**
     * Sets the estimator of a token's divergence; default {@link KlEstimator#K1}.
     *
     * @param estimator the estimator
     */
    public Builder klEstimator(KlEstimator estimator) {
      klEstimator = estimator;
      return this;
    }

    /** Scales the rewards of a rollout to a variance of 1 while keeping their mean. */
    public Builder whitenRewards() {
      whitensRewards = true;
      return this;
    }

    /**
     * Checks the options and builds the algorithm.
     *
     * @return the algorithm
     * @throws IllegalArgumentException if a value is out of range or no reward is given
     */
    public Ppo build() {
      return new Ppo(this);
    }
  }
}
