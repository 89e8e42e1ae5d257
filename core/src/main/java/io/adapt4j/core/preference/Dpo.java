package io.adapt4j.core.preference;

import java.util.Objects;

/**
 * Direct preference optimization and the losses that differ from it in a pair's term only. Below, c
 * and r are the rewards of the chosen and the rejected answer, beta times their log-probability
 * over that of the reference.
 *
 * @param beta how closely the model is held to the reference, above 0
 * @param form the term of a pair
 * @param labelSmoothing share of pairs that are taken to be the wrong way round, from 0 and below
 *     0.5; 0 in forms other than {@link Form#SIGMOID}, {@link Form#ROBUST}, {@link Form#AOT} and
 *     {@link Form#AOT_PAIR}
 */
public record Dpo(double beta, Form form, double labelSmoothing) implements PreferenceLoss {

  /** The term of a pair. */
  public enum Form {
    /**
     * -log sigmoid(c - r) (Rafailov et al. 2023); with smoothing s, (1 - s) times that and s times
     * that of the pair turned round (Mitchell 2023, conservative DPO).
     */
    SIGMOID,
    /** As {@link #SIGMOID} with smoothing made unbiased (Chowdhury et al. 2024, equation 12). */
    ROBUST,
    /** max(0, 1 - (c - r)) (Zhao et al. 2023, as Liu et al. 2023 normalize it). */
    HINGE,
    /**
     * (h - 1 / (2 beta))² of the difference h of log-ratios (Azar et al. 2023, equation 17), these
     * means over an answer's tokens.
     */
    IPO,
    /** -log sigmoid(c) - ½ log sigmoid(-c) - ½ log sigmoid(-r) (Chen et al. 2024, NCA). */
    NCA,
    /** (h(c) - 1 / (2 beta))² + (h(r) + 1 / (2 beta))² of log-ratios (Wu et al. 2024). */
    SPPO,
    /**
     * 1 - sigmoid(c) + sigmoid(r): the chosen up, the rejected down (D'Oosterlinck et al. 2024).
     */
    APO_ZERO,
    /**
     * sigmoid(c) + 1 - sigmoid(c - r): both down, the rejected more (D'Oosterlinck et al. 2024).
     */
    APO_DOWN,
    /**
     * -log sigmoid of beta times the distance between the k-th lowest difference of
     * log-probabilities under the model, chosen less rejected, and the k-th lowest under the
     * reference: the model's distribution of differences is moved above the reference's, whichever
     * pairs they are of (Melnyk et al. 2024, AOT). The larger a batch, the better it knows the
     * distributions.
     */
    AOT,
    /**
     * -log sigmoid of the distance between the k-th lowest reward of the chosen answers of a batch
     * and the k-th lowest of the rejected ones (Melnyk et al. 2024, AOT for paired data).
     */
    AOT_PAIR;

    private boolean smooths() {
      return this == SIGMOID || this == ROBUST || this == AOT || this == AOT_PAIR;
    }
  }

  /**
   * Checks the values.
   *
   * @param beta above 0
   * @param form the term of a pair
   * @param labelSmoothing from 0 and below 0.5
   * @throws IllegalArgumentException if a value is out of range, or smoothing is asked of a form
   *     that knows none
   */
  public Dpo {
    Objects.requireNonNull(form, "form");
    Settings.requirePositive("beta", beta);
    Settings.requireSmoothing(labelSmoothing);
    if (labelSmoothing > 0 && !form.smooths()) {
      throw new IllegalArgumentException(
          "labelSmoothing is for the forms SIGMOID, ROBUST, AOT and AOT_PAIR, found %s with %s"
              .formatted(labelSmoothing, form));
    }
  }

  /**
   * Chooses another term.
   *
   * @param term of a pair
   * @return a changed copy
   * @throws IllegalArgumentException if it knows no smoothing, but some is set
   */
  public Dpo form(Form term) {
    return new Dpo(beta, term, labelSmoothing);
  }

  /**
   * Takes some pairs to be the wrong way round.
   *
   * @param share from 0 and below 0.5
   * @return a changed copy
   * @throws IllegalArgumentException if it is out of range or the form knows none
   */
  public Dpo labelSmoothing(double share) {
    return new Dpo(beta, form, share);
  }

  @Override
  public boolean usesReference() {
    return true;
  }
}
