package io.adapt4j.core.internal.task.rl;

import com.google.common.primitives.Doubles;
import com.google.common.primitives.Floats;
import io.adapt4j.core.reinforce.ClippedRatio;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.KlEstimator;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.train.spi.PolicyObjective;

/**
 * Policy loss of tokens: a policy objective, restricted to the completions and tokens that count,
 * with an optional KL penalty (DeepSeekMath, eq. 1) and entropy bonus.
 *
 * <p>Log-ratios beyond 20 are clamped, have no gradient, and are counted.
 *
 * @param correctsKl whether the KL penalty is weighted by the ratio (DeepSeek-V3.2, eq. 7)
 * @param offPolicyLimit divergence from the sampler up to which bad completions count; infinite for
 *     all
 */
public record PolicyLoss(
    PolicyObjective objective,
    boolean ofSequences,
    double klCoefficient,
    boolean correctsKl,
    double offPolicyLimit,
    double topEntropy,
    double entropyCoefficient) {

  /** Creates a loss with a KL penalty only. */
  public PolicyLoss(PolicyObjective objective, boolean ofSequences, double klCoefficient) {
    this(objective, ofSequences, klCoefficient, false, Double.POSITIVE_INFINITY, 1, 0);
  }

  /** Returns the loss of an algorithm; PPO has the KL penalty in its rewards. */
  static PolicyLoss of(Reinforcement algorithm) {
    return algorithm instanceof Grpo grpo
        ? new PolicyLoss(
            grpo.objective(),
            grpo.sequenceRatios(),
            grpo.klCoefficient(),
            grpo.correctsKl(),
            grpo.offPolicyLimit(),
            grpo.topEntropy(),
            grpo.entropyCoefficient())
        : new PolicyLoss(
            new ClippedRatio(((Ppo) algorithm).clip(), ((Ppo) algorithm).clip()), false, 0);
  }

  /**
   * A loss with its gradient.
   *
   * @param byEntropies gradient with respect to the entropies; empty without an entropy bonus
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Outcome(
      double loss,
      float[] derivative,
      float[] byEntropies,
      int clippedLow,
      int clippedHigh,
      int overflows,
      double kl) {}

  public Outcome of(PolicyTokens tokens) {
    Sum sum = new Sum(tokens);
    int from = 0;
    for (int row = 0; row < tokens.lengths().length; row++) {
      int to = from + tokens.lengths()[row];
      sum.addRow(row, from, to);
      from = to;
    }
    return sum.outcome();
  }

  private final class Sum {
    private final PolicyTokens tokens;
    private final double leastEntropy;
    private final double[] derivative;
    private final double[] byEntropies;
    private double loss;
    private double kl;
    private int low;
    private int high;
    private int overflows;

    Sum(PolicyTokens tokens) {
      this.tokens = tokens;
      this.leastEntropy =
          topEntropy < 1
              ? Quantile.of(tokens.entropies(), 1 - topEntropy)
              : Double.NEGATIVE_INFINITY;
      this.derivative = new double[tokens.logProbs().length];
      this.byEntropies = new double[entropyCoefficient == 0 ? 0 : derivative.length];
    }

    void addRow(int row, int from, int to) {
      double mean = 0;
      double whole = 0;
      double drift = 0;
      for (int i = from; i < to; i++) {
        mean += tokens.logRatio(i) / (to - from);
        whole += LogRatio.limited(tokens.logRatio(i)) + Math.log(tokens.importance(i, 1e-8));
        drift += tokens.drift(i) / (to - from);
      }
      for (int i = from; i < to; i++) {
        double logRatio = ofSequences ? mean : tokens.logRatio(i);
        overflows += LogRatio.overflows(logRatio) ? 1 : 0;
        double slope = 0;
        if (counts(i, drift)) {
          slope += addTerm(i, logRatio, whole, tokens.weights().ofTokens()[row]);
        }
        slope += addDivergence(i, logRatio, tokens.weights().ofDivergences()[row]);
        addEntropy(i);
        if (!ofSequences) {
          derivative[i] += slope;
        } else {
          for (int j = from; j < to; j++) {
            derivative[j] += slope / (to - from);
          }
        }
      }
    }

    private boolean counts(int token, double drift) {
      return (tokens.advantages()[token] >= 0 || drift <= offPolicyLimit) && isUncertain(token);
    }

    private boolean isUncertain(int token) {
      return topEntropy == 1 || tokens.entropies()[token] >= leastEntropy;
    }

    /** Adds the objective's term and returns its derivative with respect to the log-ratio. */
    private double addTerm(int token, double logRatio, double whole, double rowWeight) {
      PolicyObjective.Term term =
          objective.term(
              new PolicyObjective.Token(
                  tokens.logProbs()[token],
                  LogRatio.limited(logRatio),
                  whole,
                  tokens.advantages()[token]));
      double weight =
          objective.includesImportance() ? rowWeight : rowWeight * tokens.importance(token, 0);
      loss += weight * term.loss();
      derivative[token] += weight * term.byLogProb();
      low += term.clipping() == PolicyObjective.Clipping.LOW ? 1 : 0;
      high += term.clipping() == PolicyObjective.Clipping.HIGH ? 1 : 0;
      return LogRatio.overflows(logRatio) ? 0 : weight * term.byLogRatio();
    }

    /** Adds the KL penalty and returns its derivative with respect to the log-ratio. */
    private double addDivergence(int token, double logRatio, double rowWeight) {
      if (tokens.reference().length == 0) {
        return 0;
      }
      double policy = tokens.logProbs()[token];
      double reference = tokens.reference()[token];
      double ratio = correctsKl ? Math.exp(LogRatio.limited(logRatio)) : 1;
      double divergence = ratio * Divergence.of(KlEstimator.K3, policy, reference);
      double weight = rowWeight * klCoefficient;
      kl += divergence;
      loss += weight * divergence;
      derivative[token] +=
          weight * ratio * Divergence.derivative(KlEstimator.K3, policy, reference);
      return correctsKl && !LogRatio.overflows(logRatio) ? weight * divergence : 0;
    }

    private void addEntropy(int token) {
      if (entropyCoefficient != 0 && isUncertain(token)) {
        double weight = entropyCoefficient * tokens.weights().ofEntropies();
        loss -= weight * tokens.entropies()[token];
        byEntropies[token] = -weight;
      }
    }

    Outcome outcome() {
      return new Outcome(
          loss,
          Floats.toArray(Doubles.asList(derivative)),
          Floats.toArray(Doubles.asList(byEntropies)),
          low,
          high,
          overflows,
          kl);
    }
  }
}
