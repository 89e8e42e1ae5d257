package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.KlEstimator;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;

/**
 * Clipped policy loss of tokens (Schulman et al. 2017, eq. 7), with an optional KL penalty inside
 * the loss (DeepSeekMath, eq. 1).
 *
 * <p>A token's loss is {@code -min(r A, clip(r, 1 - low, 1 + high) A) + beta k3}, where r is the
 * ratio of its probabilities now and when it was sampled. Log-ratios beyond 20 are clamped, have no
 * gradient, and are counted.
 */
public record ClippedObjective(
    double clipLow, double clipHigh, double klCoefficient, boolean ofSequences) {

  /** Returns the objective of an algorithm; PPO has the KL penalty in its rewards. */
  static ClippedObjective of(Reinforcement algorithm) {
    return algorithm instanceof Grpo grpo
        ? new ClippedObjective(
            grpo.clipLow(), grpo.clipHigh(), grpo.klCoefficient(), grpo.sequenceRatios())
        : new ClippedObjective(((Ppo) algorithm).clip(), ((Ppo) algorithm).clip(), 0, false);
  }

  /**
   * Concatenated tokens of completions.
   *
   * @param lengths tokens of each completion; 0 for excluded completions
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Tokens(
      int[] lengths,
      double[] weights,
      float[] logProbs,
      float[] old,
      float[] reference,
      float[] advantages) {

    double logRatio(int token) {
      return old.length == 0 ? 0 : (double) logProbs[token] - old[token];
    }
  }

  /** A loss with its gradient. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Outcome(
      double loss, float[] derivative, int clippedLow, int clippedHigh, int overflows, double kl) {}

  /** Computes the loss of tokens. */
  public Outcome of(Tokens tokens) {
    Sum sum = new Sum(tokens);
    int from = 0;
    for (int row = 0; row < tokens.lengths().length; row++) {
      int to = from + tokens.lengths()[row];
      sum.addRow(from, to, tokens.weights()[row]);
      from = to;
    }
    return sum.outcome();
  }

  private final class Sum {
    private final Tokens tokens;
    private final double[] derivative;
    private double loss;
    private double kl;
    private int low;
    private int high;
    private int overflows;

    Sum(Tokens tokens) {
      this.tokens = tokens;
      this.derivative = new double[tokens.logProbs().length];
    }

    void addRow(int from, int to, double weight) {
      double mean = 0;
      for (int i = from; i < to; i++) {
        mean += tokens.logRatio(i) / (to - from);
      }
      for (int i = from; i < to; i++) {
        double slope = weight * addToken(ofSequences ? mean : tokens.logRatio(i), i, weight);
        if (ofSequences) {
          for (int j = from; j < to; j++) {
            derivative[j] += slope / (to - from);
          }
        } else {
          derivative[i] += slope;
        }
        addDivergence(i, weight);
      }
    }

    /** Returns the derivative of the token's loss with respect to its log-ratio. */
    private double addToken(double logRatio, int token, double weight) {
      double advantage = tokens.advantages()[token];
      double ratio = Math.exp(LogRatio.limited(logRatio));
      double clipped = Math.max(1 - clipLow, Math.min(1 + clipHigh, ratio));
      boolean held = clipped * advantage < ratio * advantage;
      loss -= weight * Math.min(ratio * advantage, clipped * advantage);
      low += ratio < 1 - clipLow && advantage < 0 ? 1 : 0;
      high += ratio > 1 + clipHigh && advantage > 0 ? 1 : 0;
      boolean overflow = LogRatio.overflows(logRatio);
      overflows += overflow ? 1 : 0;
      return held || overflow ? 0 : -ratio * advantage;
    }

    private void addDivergence(int token, double weight) {
      if (tokens.reference().length == 0) {
        return;
      }
      double policy = tokens.logProbs()[token];
      double reference = tokens.reference()[token];
      double divergence = Divergence.of(KlEstimator.K3, policy, reference);
      kl += divergence;
      loss += weight * klCoefficient * divergence;
      derivative[token] +=
          weight * klCoefficient * Divergence.derivative(KlEstimator.K3, policy, reference);
    }

    Outcome outcome() {
      float[] values = new float[derivative.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) derivative[i];
      }
      return new Outcome(loss, values, low, high, overflows, kl);
    }
  }
}
