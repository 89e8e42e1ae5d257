package io.adapt4j.core.internal.task.preference;

/** Direct preference optimization (DPO), and losses that differ only in the term of a pair. */
public record Dpo(double beta, Form form, double labelSmoothing) implements LossSettings, PairLoss {

  /** The term of a pair; {@code PreferenceLoss} has the formulas. */
  public enum Form {
    /** DPO. */
    SIGMOID,
    /** DPO with unbiased smoothing. */
    ROBUST,
    /** Hinge loss. */
    HINGE,
    /** Identity preference optimization. */
    IPO,
    /** Noise contrastive alignment. */
    NCA,
    /** Self-play preference optimization. */
    SPPO,
    /** Anchored: increases the chosen, decreases the rejected. */
    APO_ZERO,
    /** Anchored: decreases both, the rejected more. */
    APO_DOWN,
    /** Optimal transport of differences. */
    AOT,
    /** Optimal transport of the answers of pairs. */
    AOT_PAIR
  }

  @Override
  public boolean usesReference() {
    return true;
  }

  @Override
  public boolean averages() {
    return form == Dpo.Form.IPO;
  }

  @Override
  public Pairing pairing() {
    return switch (form) {
      case AOT -> Pairing.RANKS_OF_DIFFERENCES;
      case AOT_PAIR -> Pairing.RANKS;
      default -> Pairing.PAIRS;
    };
  }

  @Override
  public Terms terms(double chosen, double rejected) {
    double c = beta * chosen;
    double r = beta * rejected;
    double z = c - r;
    return switch (form) {
      case SIGMOID, AOT, AOT_PAIR -> conservative(z);
      case ROBUST -> labelSmoothing == 0 ? conservative(z) : robust(z);
      case HINGE -> Terms.ofDifference(Math.max(0, 1 - z), z < 1 ? -beta : 0);
      case IPO -> ipo(chosen - rejected);
      case NCA ->
          new Terms(
              -Logistic.logSigmoid(c)
                  - 0.5 * Logistic.logSigmoid(-c)
                  - 0.5 * Logistic.logSigmoid(-r),
              beta * (0.5 * Logistic.sigmoid(c) - Logistic.sigmoid(-c)),
              beta * 0.5 * Logistic.sigmoid(r));
      case SPPO -> sppo(chosen, rejected);
      case APO_ZERO ->
          new Terms(Logistic.sigmoid(-c) + Logistic.sigmoid(r), -beta * slope(c), beta * slope(r));
      case APO_DOWN ->
          new Terms(
              Logistic.sigmoid(c) + Logistic.sigmoid(-z),
              beta * (slope(c) - slope(z)),
              beta * slope(z));
    };
  }

  private Terms conservative(double z) {
    return Terms.logistic(z, beta, labelSmoothing);
  }

  private Terms robust(double z) {
    double unbiased = 1 - 2 * labelSmoothing;
    double loss =
        -(1 - labelSmoothing) * Logistic.logSigmoid(z) + labelSmoothing * Logistic.logSigmoid(-z);
    double derivative =
        -(1 - labelSmoothing) * Logistic.sigmoid(-z) - labelSmoothing * Logistic.sigmoid(z);
    return Terms.ofDifference(loss / unbiased, beta * derivative / unbiased);
  }

  private Terms ipo(double difference) {
    double off = difference - 1 / (2 * beta);
    return Terms.ofDifference(off * off, 2 * off);
  }

  private Terms sppo(double chosen, double rejected) {
    double up = chosen - 0.5 / beta;
    double down = rejected + 0.5 / beta;
    return new Terms(up * up + down * down, 2 * up, 2 * down);
  }

  private static double slope(double x) {
    return Logistic.sigmoid(x) * Logistic.sigmoid(-x);
  }
}
