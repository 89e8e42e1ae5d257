package io.adapt4j.core.internal.task.reward;

/**
 * Bradley-Terry loss of pairs (Ouyang et al. 2022, eq. 1): {@code -log s(c - r - m)} for the
 * rewards c and r of the chosen and the rejected answer, with the logistic function s and a margin
 * m (Touvron et al. 2023, eq. 2), plus {@code k (c + r)^2} to keep rewards around 0 (Eisenstein et
 * al. 2023).
 */
public record PairwiseObjective(double centering) {

  /** Checks the number. */
  public PairwiseObjective {
    if (!(centering >= 0 && Double.isFinite(centering))) {
      throw new IllegalArgumentException("centering must be at least 0, found " + centering);
    }
  }

  /** A loss with its gradient. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Outcome(double loss, float[] derivative) {}

  /** Computes the loss of pairs. */
  public Outcome of(float[] rewards, float[] margins, float[] weights) {
    int pairs = margins.length;
    double loss = 0;
    float[] derivative = new float[2 * pairs];
    for (int i = 0; i < pairs; i++) {
      double chosen = rewards[i];
      double rejected = rewards[pairs + i];
      double distance = chosen - rejected - margins[i];
      double sum = chosen + rejected;
      loss += weights[i] * (softplus(-distance) + centering * sum * sum);
      double byDistance = -1 / (1 + Math.exp(distance));
      derivative[i] = (float) (weights[i] * (byDistance + 2 * centering * sum));
      derivative[pairs + i] = (float) (weights[i] * (-byDistance + 2 * centering * sum));
    }
    return new Outcome(loss, derivative);
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}
