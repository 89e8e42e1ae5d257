package io.adapt4j.core.reinforce;

import io.adapt4j.core.train.spi.PolicyObjective;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Group relative policy optimization (DeepSeekMath, Shao et al. 2024) and its variants: several
 * completions of a prompt are compared with each other, so that no value head is needed.
 *
 * <p>RLOO is {@code advantages(LEAVE_ONE_OUT)}; Dr. GRPO is {@code advantages(CENTERED)} with
 * {@code normalization(DR_GRPO)}; DAPO is {@code normalization(DAPO).clip(0.2, 0.28)} with {@code
 * dynamicSampling}; GSPO's loss is {@code sequenceRatios()}; LUSPO's is that with {@code
 * normalization(LUSPO)}. Other objectives: {@link Cispo}, {@link Sapo}, {@link Vespo}.
 */
public final class Grpo extends Reinforcement {

  /** Default clip range. */
  public static final double CLIP = 0.2;

  private static final ImportanceCorrection CORRECTION =
      new ImportanceCorrection(ImportanceCorrection.Form.TOKEN_TRUNCATED, 2);

  private static final String ENVIRONMENT = "environment";

  private final AdvantageEstimator advantages;
  private final LossNormalization normalization;
  private final PolicyObjective objective;
  private final double klCoefficient;
  private final boolean sequenceRatios;
  private final boolean correctsKl;
  private final double offPolicyLimit;
  private final double topEntropy;
  private final double entropyCoefficient;
  private final Optional<ImportanceCorrection> importanceCorrection;
  private final int dynamicSampling;
  private final Optional<Environment> environment;
  private final EpisodeLimits limits;
  private final boolean rewardsByTurn;
  private final boolean rolloutsAhead;
  private final Optional<Path> traces;
  private final Optional<Path> replay;

  private Grpo(Builder builder) {
    super(builder, builder.environment == null);
    advantages = Objects.requireNonNull(builder.advantages, "advantages");
    normalization = Objects.requireNonNull(builder.normalization, "normalization");
    objective = Objects.requireNonNull(builder.objective, "objective");
    klCoefficient = builder.klCoefficient;
    sequenceRatios = builder.sequenceRatios;
    correctsKl = builder.correctsKl;
    offPolicyLimit = builder.offPolicyLimit;
    topEntropy = builder.topEntropy;
    entropyCoefficient = builder.entropyCoefficient;
    importanceCorrection =
        builder.choosesCorrection
            ? Optional.ofNullable(builder.importanceCorrection)
            : usualCorrection();
    dynamicSampling = builder.dynamicSampling;
    environment = Optional.ofNullable(builder.environment);
    limits =
        Objects.requireNonNullElseGet(
            builder.limits, () -> EpisodeLimits.of(8, Math.multiplyExact(8, maxNewTokens())));
    rewardsByTurn = builder.rewardsByTurn;
    rolloutsAhead = builder.rolloutsAhead;
    traces = Optional.ofNullable(builder.traces);
    replay = Optional.ofNullable(builder.replay);
    Numbers.requireAtLeast("groupSize of GRPO", groupSize(), 2);
    Numbers.requireNotNegative("klCoefficient", klCoefficient);
    Numbers.require(offPolicyLimit > 0, "offPolicyLimit", "above 0", offPolicyLimit);
    Numbers.require(
        topEntropy > 0 && topEntropy <= 1, "topEntropy", "above 0 and at most 1", topEntropy);
    Numbers.requireNotNegative("entropyCoefficient", entropyCoefficient);
    Numbers.requireAtLeast("dynamicSampling", dynamicSampling, 0);
    Numbers.require(
        importanceCorrection.isEmpty() || temperature() == 1,
        "temperature with importanceCorrection",
        "1",
        temperature());
    Numbers.require(
        !rolloutsAhead || importanceCorrection.isPresent(),
        "importanceCorrection with rolloutsAhead",
        "on (leave withoutImportanceCorrection out, and temperature at 1)",
        "none");
    Numbers.require(
        environment.isPresent() || (builder.limits == null && !rewardsByTurn),
        "limits and rewardsByTurn",
        "with an environment",
        "none");
    Numbers.require(
        environment.isEmpty() || limits.tokens() >= maxNewTokens(),
        "tokens of an episode",
        "at least maxNewTokens",
        limits.tokens());
    Numbers.require(
        environment.isEmpty() || !rewards().containsKey(ENVIRONMENT),
        "rewards",
        "of another name than that of the environment",
        ENVIRONMENT);
    Numbers.require(
        replay.isEmpty() || !replay.equals(traces), "replay", "another folder than traces", replay);
  }

  /** Returns the default: log-probabilities of the sampler are those of temperature 1. */
  private Optional<ImportanceCorrection> usualCorrection() {
    return temperature() == 1 ? Optional.of(CORRECTION) : Optional.empty();
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

  /** {@return the objective of tokens} */
  public PolicyObjective objective() {
    return objective;
  }

  /** {@return the lower clip range: ratios are clipped to at least 1 minus this; 0 without one} */
  public double clipLow() {
    return objective instanceof ClippedRatio clipped ? clipped.low() : 0;
  }

  /** {@return the upper clip range: ratios are clipped to at most 1 plus this; 0 without one} */
  public double clipHigh() {
    return objective instanceof ClippedRatio clipped ? clipped.high() : 0;
  }

  /** {@return beta, the coefficient of the KL divergence from the initial model; 0 disables it} */
  public double klCoefficient() {
    return klCoefficient;
  }

  /** {@return whether a completion has a single ratio, the geometric mean over its tokens} */
  public boolean sequenceRatios() {
    return sequenceRatios;
  }

  /** {@return whether the KL penalty is weighted by the ratio} */
  public boolean correctsKl() {
    return correctsKl;
  }

  /**
   * {@return the divergence from the sampler up to which bad completions count; infinite for all}
   */
  public double offPolicyLimit() {
    return offPolicyLimit;
  }

  /** {@return the share of the tokens with the highest entropies that count; 1 for all} */
  public double topEntropy() {
    return topEntropy;
  }

  /** {@return the coefficient of the entropy bonus; 0 disables it} */
  public double entropyCoefficient() {
    return entropyCoefficient;
  }

  /** {@return the correction of the sampler's probabilities; empty if there is none} */
  public Optional<ImportanceCorrection> importanceCorrection() {
    return importanceCorrection;
  }

  /** {@return how often groups of equal rewards are replaced; 0 for never} */
  public int dynamicSampling() {
    return dynamicSampling;
  }

  /** {@return the environment of episodes of several turns; empty if a completion is one answer} */
  public Optional<Environment> environment() {
    return environment;
  }

  /** {@return the limits of episodes} */
  public EpisodeLimits limits() {
    return limits;
  }

  /** {@return whether the tokens of a turn are credited with the rewards from that turn on only} */
  public boolean rewardsByTurn() {
    return rewardsByTurn;
  }

  /** {@return whether the next rollout is sampled while the present one trains} */
  public boolean rolloutsAhead() {
    return rolloutsAhead;
  }

  /** {@return the folder that rollouts are written to; empty if they are not} */
  public Optional<Path> traces() {
    return traces;
  }

  /** {@return the folder whose rollouts are trained on instead of new ones} */
  public Optional<Path> replay() {
    return replay;
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
        + (objective instanceof ClippedRatio clipped
            ? ", clipLow="
                + clipped.low()
                + ", clipHigh="
                + clipped.high()
                + unless(clipped.ceiling(), Double.POSITIVE_INFINITY, "clipCeiling")
            : ", objective=" + objective)
        + ", klCoefficient="
        + klCoefficient
        + ", sequenceRatios="
        + sequenceRatios
        + unless(correctsKl, false, "correctsKl")
        + unless(offPolicyLimit, Double.POSITIVE_INFINITY, "offPolicyLimit")
        + unless(topEntropy, 1.0, "topEntropy")
        + unless(entropyCoefficient, 0.0, "entropyCoefficient")
        + unless(importanceCorrection, usualCorrection(), "importanceCorrection")
        + unless(dynamicSampling, 0, "dynamicSampling")
        + (environment.isPresent() ? ", environment, limits=" + limits : "")
        + unless(rewardsByTurn, false, "rewardsByTurn")
        + unless(rolloutsAhead, false, "rolloutsAhead")
        + unless(replay, Optional.empty(), "replay")
        + "]";
  }

  /** Returns an option as text; empty at its default, so that earlier runs still resume. */
  private static String unless(Object value, Object usual, String name) {
    return value.equals(usual) ? "" : ", " + name + "=" + value;
  }

  /** Builder of the options. Required: a reward. */
  public static final class Builder extends Reinforcement.Builder<Builder> {

    private AdvantageEstimator advantages = AdvantageEstimator.GROUP_SCALED;
    private LossNormalization normalization = LossNormalization.DAPO;
    private PolicyObjective objective = new ClippedRatio(CLIP, CLIP);
    private double klCoefficient = 0.04;
    private boolean sequenceRatios;
    private boolean correctsKl;
    private double offPolicyLimit = Double.POSITIVE_INFINITY;
    private double topEntropy = 1;
    private double entropyCoefficient;
    private @Nullable ImportanceCorrection importanceCorrection;
    private boolean choosesCorrection;
    private int dynamicSampling;
    private @Nullable Environment environment;
    private @Nullable EpisodeLimits limits;
    private boolean rewardsByTurn;
    private boolean rolloutsAhead;
    private @Nullable Path traces;
    private @Nullable Path replay;

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
     * Sets the objective to the clipped ratio; this is the default, with 0.2 to either side.
     *
     * @param low range below 1; above 0 and below 1
     * @param high range above 1; above 0
     * @throws IllegalArgumentException if one is out of range
     */
    public Builder clip(double low, double high) {
      return objective(new ClippedRatio(low, high));
    }

    /**
     * Sets the objective of tokens; default {@link ClippedRatio}.
     *
     * @param loss {@link ClippedRatio}, {@link Cispo}, {@link Sapo}, {@link Vespo}, or custom code
     */
    public Builder objective(PolicyObjective loss) {
      objective = loss;
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
     * Weights the KL penalty of tokens by their ratios, which makes it unbiased for completions of
     * earlier weights (DeepSeek-V3.2, 2025).
     */
    public Builder correctKl() {
      correctsKl = true;
      return this;
    }

    /**
     * Excludes completions with a negative advantage from which the policy has moved away
     * (DeepSeek-V3.2, 2025).
     *
     * @param nats mean of the log-probabilities when sampled minus those of now, up to which they
     *     count; above 0
     */
    public Builder offPolicyLimit(double nats) {
      offPolicyLimit = nats;
      return this;
    }

    /**
     * Trains only on the tokens at which the policy is least certain (Wang et al. 2025).
     *
     * @param share share of the tokens of a micro-batch; above 0 and at most 1
     */
    public Builder topEntropy(double share) {
      topEntropy = share;
      return this;
    }

    /**
     * Adds a bonus for the mean entropy of the tokens' distributions; default 0.
     *
     * @param coefficient at least 0
     */
    public Builder entropyCoefficient(double coefficient) {
      entropyCoefficient = coefficient;
      return this;
    }

    /**
     * Corrects the difference between the probabilities of sampling and of training, which takes a
     * forward pass per rollout; default {@link ImportanceCorrection.Form#TOKEN_TRUNCATED} at 2 with
     * temperature 1, which it needs, else none.
     *
     * @param correction the form and its limit
     */
    public Builder importanceCorrection(ImportanceCorrection correction) {
      importanceCorrection = Objects.requireNonNull(correction, "correction");
      choosesCorrection = true;
      return this;
    }

    /** Leaves the importance correction out. */
    public Builder withoutImportanceCorrection() {
      importanceCorrection = null;
      choosesCorrection = true;
      return this;
    }

    /**
     * Replaces groups whose rewards are all equal, which teach nothing, by groups of other prompts
     * (dynamic sampling, DAPO, Yu et al. 2025, eq. 11).
     *
     * @param attempts how often per rollout; groups that remain equal are kept; default 0
     */
    public Builder dynamicSampling(int attempts) {
      dynamicSampling = attempts;
      return this;
    }

    /**
     * Samples episodes of several turns with an environment instead of single answers. Its rewards
     * are added to those of the reward functions, which score the last answer and may be left out.
     *
     * @param world the environment; the tools it has need the module {@code adapt4j-tools}
     */
    public Builder environment(Environment world) {
      environment = world;
      return this;
    }

    /**
     * Sets the limits of episodes; default 8 turns and the tokens of 8 answers.
     *
     * @param most the limits
     */
    public Builder limits(EpisodeLimits most) {
      limits = most;
      return this;
    }

    /**
     * Credits the tokens of a turn with the rewards from that turn on, compared with the same turn
     * of the other episodes of the prompt; by default all tokens of an episode share its reward.
     */
    public Builder rewardsByTurn() {
      rewardsByTurn = true;
      return this;
    }

    /**
     * Samples the next rollout while the present one trains, from a copy of the weights that the
     * present one started from: every rollout but the first is sampled from weights that are one
     * rollout old, which the importance correction accounts for and therefore must be on. Rewards
     * and environments are called by another thread then, but never by two at a time. The method
     * must be full fine-tuning, or {@code Lora} or {@code QLora} whose adapter consists of its
     * matrices only.
     */
    public Builder rolloutsAhead() {
      rolloutsAhead = true;
      return this;
    }

    /**
     * Writes every rollout to a folder as JSON lines, one per completion: tokens,
     * log-probabilities, replies and rewards.
     *
     * @param folder the folder, created if missing
     */
    public Builder traces(Path folder) {
      traces = folder;
      return this;
    }

    /**
     * Trains on the rollouts that a run of equal data, seed and options wrote, instead of sampling
     * them. Reward functions score them again; rewards of the environment are those written.
     *
     * @param folder folder of {@link #traces}
     */
    public Builder replay(Path folder) {
      replay = folder;
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
