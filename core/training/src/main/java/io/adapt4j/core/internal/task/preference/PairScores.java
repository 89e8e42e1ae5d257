package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.train.spi.PairwiseLoss;
import java.util.Comparator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Loss of a batch of pairs, computed from the log-probabilities of their tokens. */
final class PairScores implements Scores {

  private final PairLoss loss;
  private final int pairs;
  private final float[] weights;
  private final double weight;
  private final float[] reference;
  private final AnswerTargets targets;

  private double[] logProbs;
  private double[] scores;
  private double nll;
  private double sum;

  /** Collects the targets of a batch. */
  PairScores(PairLoss loss, PreferenceBatch batch, float[] reference) {
    this.loss = loss;
    this.pairs = batch.size();
    this.weights = batch.weights();
    this.weight = batch.weight();
    this.reference = reference;
    this.targets =
        AnswerTargets.of(batch.sides(), loss.likelihoodCoversPrompt() ? batch.size() : 0);
  }

  @Override
  public AnswerTargets targets() {
    return targets;
  }

  @Override
  public double sum() {
    return sum;
  }

  @Override
  public float[] forwardBackward(float[] tokens) {
    float[] sums = targets.sums(tokens);
    logProbs = new double[sums.length];
    scores = new double[sums.length];
    for (int row = 0; row < scores.length; row++) {
      logProbs[row] = sums[row] / divisor(row);
      scores[row] = ((double) sums[row] - reference[row]) / divisor(row);
    }
    float[] derivative = targets.spread(byRow());
    if (loss.likelihood() > 0) {
      addLikelihood(tokens, derivative);
    }
    return derivative;
  }

  private double[] byRow() {
    boolean differences = loss.pairing() == PairLoss.Pairing.RANKS_OF_DIFFERENCES;
    int[] left = inOrder(this::left);
    int[] right = inOrder(this::right);
    double[] byRow = new double[scores.length];
    sum = 0;
    for (int term = 0; term < pairs; term++) {
      int value = left[term];
      int other = right[term];
      PairLoss.Terms terms = loss.terms(pair(value, other), left(value), right(other));
      double counts = ((double) weights[value] + weights[other]) / 2;
      if (counts == 0) {
        continue;
      }
      sum += counts * terms.loss();
      byRow[value] += counts * terms.byChosen() / divisor(value);
      int against = pairs + (differences ? value : other);
      double by = differences ? -terms.byChosen() : terms.byRejected();
      byRow[against] += counts * by / divisor(against);
    }
    return byRow;
  }

  private PairwiseLoss.Pair pair(int value, int other) {
    return new PairwiseLoss.Pair(
        logProbs[value],
        logProbs[pairs + other],
        reference[value],
        reference[pairs + other],
        targets.length(value),
        targets.length(pairs + other));
  }

  private double left(int pair) {
    return loss.pairing() == PairLoss.Pairing.RANKS_OF_DIFFERENCES
        ? logProbs[pair] - logProbs[pairs + pair]
        : scores[pair];
  }

  private double right(int pair) {
    return loss.pairing() == PairLoss.Pairing.RANKS_OF_DIFFERENCES
        ? (double) reference[pair] - reference[pairs + pair]
        : scores[pairs + pair];
  }

  /** Returns the pairs in the order of the terms: batch order, or sorted by a value. */
  private int[] inOrder(IntToDoubleFunction value) {
    IntStream own = IntStream.range(0, pairs);
    return loss.pairing() == PairLoss.Pairing.PAIRS
        ? own.toArray()
        : own.boxed()
            .sorted(Comparator.comparingDouble(value::applyAsDouble))
            .mapToInt(Integer::intValue)
            .toArray();
  }

  private double divisor(int row) {
    return loss.averages() ? Math.max(1, targets.length(row)) : 1;
  }

  /**
   * Adds the cross-entropy of the chosen answers, averaged over tokens, so that long answers count
   * more.
   */
  private void addLikelihood(float[] tokens, float[] derivative) {
    double terms = 0;
    nll = 0;
    for (int i = 0; i < tokens.length; i++) {
      if (targets.row(i) < pairs) {
        nll -= weights[targets.row(i)] * (double) tokens[i];
        terms += weights[targets.row(i)];
      }
    }
    if (terms == 0) {
      return;
    }
    nll /= terms;
    double factor = loss.likelihood() * weight;
    sum += factor * nll;
    for (int i = 0; i < tokens.length; i++) {
      if (targets.row(i) < pairs) {
        derivative[i] -= (float) (factor * weights[targets.row(i)] / terms);
      }
    }
  }

  @Override
  public void measure(Means means) {
    for (int pair = 0; pair < pairs; pair++) {
      int other = pairs + pair;
      double chosen = loss.beta() * scores[pair];
      double rejected = loss.beta() * scores[other];
      means.add(Metrics.REWARD_CHOSEN, chosen);
      means.add(Metrics.REWARD_REJECTED, rejected);
      means.add(Metrics.MARGIN, chosen - rejected);
      means.add(Metrics.ACCURACY, chosen > rejected ? 1 : 0);
      if (loss.usesReference()) {
        means.add(Metrics.KL, (scores[pair] * divisor(pair) + scores[other] * divisor(other)) / 2);
      }
      if (loss.likelihood() > 0) {
        means.add(Metrics.NLL, nll);
      }
      means.add(Metrics.LOGP_CHOSEN, logProbs[pair]);
      means.add(Metrics.LOGP_REJECTED, logProbs[other]);
      means.add(Metrics.LENGTH_CHOSEN, targets.length(pair));
      means.add(Metrics.LENGTH_REJECTED, targets.length(other));
    }
  }
}
