package io.adapt4j.core.internal.task.preference;

/** KTO loss of a batch of answers, computed from the log-probabilities of their tokens. */
final class UnpairedScores implements Scores {

  private final Kto loss;
  private final UnpairedBatch batch;
  private final float[] reference;
  private final double divergence;
  private final AnswerTargets targets;

  private float[] logProbs;
  private double sum;

  /** Collects the targets of a batch. */
  UnpairedScores(Kto loss, UnpairedBatch batch, float[] reference, double divergence) {
    this.loss = loss;
    this.batch = batch;
    this.reference = reference;
    this.divergence = divergence;
    this.targets = AnswerTargets.of(batch.completions());
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
    logProbs = targets.sums(tokens);
    double[] byRow = new double[logProbs.length];
    sum = 0;
    for (int row = 0; row < byRow.length; row++) {
      Kto.Term term = loss.term(logRatio(row), divergence, batch.desirable()[row]);
      sum += batch.weights()[row] * term.loss();
      byRow[row] = batch.weights()[row] * term.derivative();
    }
    return targets.spread(byRow);
  }

  private double logRatio(int row) {
    return (double) logProbs[row] - reference[row];
  }

  @Override
  public void measure(Means means) {
    for (int row = 0; row < logProbs.length; row++) {
      boolean desirable = batch.desirable()[row];
      double off = logRatio(row) - divergence;
      means.add(
          desirable ? Metrics.REWARD_CHOSEN : Metrics.REWARD_REJECTED, loss.beta() * logRatio(row));
      means.add(Metrics.ACCURACY, (desirable ? off > 0 : off < 0) ? 1 : 0);
      means.add(Metrics.KL, divergence);
      means.add(desirable ? Metrics.LOGP_CHOSEN : Metrics.LOGP_REJECTED, logProbs[row]);
      means.add(desirable ? Metrics.LENGTH_CHOSEN : Metrics.LENGTH_REJECTED, targets.length(row));
    }
  }
}
