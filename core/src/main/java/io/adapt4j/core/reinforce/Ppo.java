package io.adapt4j.core.reinforce;

import java.util.Objects;
import java.util.OptionalDouble;

/**
 * Proximal policy optimization (Schulman et al. 2017) as RLHF uses it (Ziegler et al. 2019): the
 * divergence from the model as it was before is taken off the reward of each token, a value head on
 * the same network says what was to be expected.
 */
public final class Ppo extends Reinforcement {

  /** Default of what a nat of divergence costs. */
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
    super(builder);
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
   * Starts describing a run.
   *
   * @return a builder with every default
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return how far from 1 a ratio counts} */
  public double clip() {
    return clip;
  }

  /** {@return how far from its old value a value counts} */
  public double valueClip() {
    return valueClip;
  }

  /** {@return what the loss of the value head counts} */
  public double valueCoefficient() {
    return valueCoefficient;
  }

  /** {@return gamma} */
  public double discount() {
    return discount;
  }

  /** {@return lambda of the generalized advantages} */
  public double lambda() {
    return lambda;
  }

  /** {@return what a nat of divergence costs, at first if it follows a target} */
  public double klCoefficient() {
    return klCoefficient;
  }

  /** {@return nats a completion that the coefficient follows; empty if it is fixed} */
  public OptionalDouble klTarget() {
    return klTarget;
  }

  /** {@return completions after which a lasting deviation has its full effect; empty if fixed} */
  public OptionalDouble klHorizon() {
    return klHorizon;
  }

  /** {@return how the divergence of a token is estimated} */
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

  /** Collects the options. Required: a reward. */
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
     * What the divergence from the model as it was before costs throughout; default 0.05 a nat.
     *
     * @param coefficient reward lost per nat, at least 0
     * @return this builder
     */
    public Builder klCoefficient(double coefficient) {
      klCoefficient = coefficient;
      klTarget = OptionalDouble.empty();
      klHorizon = OptionalDouble.empty();
      return this;
    }

    /**
     * Changes what the divergence costs so that the divergence of a completion nears a target
     * (Ziegler et al. 2019, eq. 3): by at most 20 % of completions over horizon a rollout.
     *
     * @param coefficient reward lost per nat to begin with, above 0
     * @param target nats a completion, above 0
     * @param horizon completions after which a lasting deviation has its full effect, above 0
     * @return this builder
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
      return new Ppo(this);
    }
  }
}
