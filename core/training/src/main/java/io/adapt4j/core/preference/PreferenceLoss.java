package io.adapt4j.core.preference;

import io.adapt4j.core.train.spi.PairwiseLoss;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A loss that teaches a model to prefer some answers to others, without a reward model. The
 * implicit reward of an answer is beta times its log-probability, minus that of the reference model
 * if the loss uses one. Immutable; equal if name and options are.
 *
 * <p>Below, c and r are the rewards of the chosen and the rejected answer. Label smoothing is the
 * assumed share of pairs with swapped labels, from 0 and below 0.5.
 */
public final class PreferenceLoss {

  private static final String SMOOTHING = "labelSmoothing";
  private static final String ALPHA = "alpha";

  private final String name;
  private final double beta;
  private final boolean usesReference;
  private final Map<String, Double> options;
  private final @Nullable PairwiseLoss custom;

  private PreferenceLoss(
      String name,
      double beta,
      boolean usesReference,
      Map<String, Double> options,
      @Nullable PairwiseLoss custom) {
    this.name = name;
    this.beta = beta;
    this.usesReference = usesReference;
    this.options = options;
    this.custom = custom;
  }

  private static PreferenceLoss referenced(String name, double beta, Map<String, Double> options) {
    requirePositive("beta", beta);
    return new PreferenceLoss(name, beta, true, options, null);
  }

  private static PreferenceLoss smoothed(String name, double beta, double labelSmoothing) {
    return referenced(name, beta, Map.of(SMOOTHING, smoothing(labelSmoothing)));
  }

  /**
   * Direct preference optimization (Rafailov et al. 2023, equation 7): -log sigmoid(c - r).
   *
   * @param beta strength of the penalty on deviating from the reference, above 0; 0.1 is usual
   * @return the loss
   * @throws IllegalArgumentException if beta is not above 0
   */
  public static PreferenceLoss dpo(double beta) {
    return dpo(beta, 0);
  }

  /**
   * Conservative direct preference optimization (Mitchell 2023): with smoothing s, (1 - s) times
   * the loss of a pair plus s times that of the swapped pair.
   *
   * @param labelSmoothing from 0 and below 0.5
   * @return the loss
   * @throws IllegalArgumentException if a value is out of range
   */
  public static PreferenceLoss dpo(double beta, double labelSmoothing) {
    return smoothed("sigmoid", beta, labelSmoothing);
  }

  /**
   * {@link #dpo(double, double)} with smoothing made unbiased (Chowdhury et al. 2024, equation 12).
   *
   * @param beta strength of the penalty on deviating from the reference, above 0; 0.1 is usual
   * @return the loss
   * @throws IllegalArgumentException if a value is out of range
   */
  public static PreferenceLoss robustDpo(double beta, double labelSmoothing) {
    return smoothed("robust", beta, labelSmoothing);
  }

  /**
   * Hinge loss: max(0, 1 - (c - r)) (Zhao et al. 2023, as Liu et al. 2023 normalize it).
   *
   * @param beta strength of the penalty on deviating from the reference, above 0
   * @return the loss
   * @throws IllegalArgumentException if beta is not above 0
   */
  public static PreferenceLoss hinge(double beta) {
    return referenced("hinge", beta, Map.of());
  }

  /**
   * Identity preference optimization: (h - 1 / (2 beta))² of the difference h of log-ratios (Azar
   * et al. 2023, equation 17), these means over an answer's tokens.
   *
   * @param beta strength of the penalty on deviating from the reference, above 0
   * @return the loss
   * @throws IllegalArgumentException if beta is not above 0
   */
  public static PreferenceLoss ipo(double beta) {
    return referenced("ipo", beta, Map.of());
  }

  /**
   * Noise contrastive alignment: -log sigmoid(c) - ½ log sigmoid(-c) - ½ log sigmoid(-r) (Chen et
   * al. 2024).
   *
   * @param beta strength of the penalty on deviating from the reference, above 0
   * @return the loss
   * @throws IllegalArgumentException if beta is not above 0
   */
  public static PreferenceLoss nca(double beta) {
    return referenced("nca", beta, Map.of());
  }

  /**
   * Self-play preference optimization: (h(c) - 1 / (2 beta))² + (h(r) + 1 / (2 beta))² of
   * log-ratios (Wu et al. 2024).
   *
   * @param beta strength of the penalty on deviating from the reference, above 0
   * @return the loss
   * @throws IllegalArgumentException if beta is not above 0
   */
  public static PreferenceLoss sppo(double beta) {
    return referenced("sppo", beta, Map.of());
  }

  /**
   * Anchored preference optimization, zero: 1 - sigmoid(c) + sigmoid(r): the chosen up, the
   * rejected down (D'Oosterlinck et al. 2024).
   *
   * @param beta strength of the penalty on deviating from the reference, above 0
   * @return the loss
   * @throws IllegalArgumentException if beta is not above 0
   */
  public static PreferenceLoss apoZero(double beta) {
    return referenced("apo_zero", beta, Map.of());
  }

  /**
   * Anchored preference optimization, down: sigmoid(c) + 1 - sigmoid(c - r): both down, the
   * rejected more (D'Oosterlinck et al. 2024).
   *
   * @param beta strength of the penalty on deviating from the reference, above 0
   * @return the loss
   * @throws IllegalArgumentException if beta is not above 0
   */
  public static PreferenceLoss apoDown(double beta) {
    return referenced("apo_down", beta, Map.of());
  }

  /**
   * Alignment via optimal transport (Melnyk et al. 2024): -log sigmoid of beta times the distance
   * between the k-th lowest difference of log-probabilities under the model, chosen minus rejected,
   * and the k-th lowest under the reference. The model's distribution of differences is moved above
   * the reference's, whichever pairs they belong to. Larger batches estimate the distributions
   * better.
   *
   * @param beta strength of the penalty on deviating from the reference, above 0
   * @return the loss
   * @throws IllegalArgumentException if a value is out of range
   */
  public static PreferenceLoss aot(double beta, double labelSmoothing) {
    return smoothed("aot", beta, labelSmoothing);
  }

  /**
   * Alignment via optimal transport for paired data (Melnyk et al. 2024): -log sigmoid of the
   * distance between the k-th lowest reward of the chosen answers of a batch and the k-th lowest of
   * the rejected ones.
   *
   * @param beta strength of the penalty on deviating from the reference, above 0
   * @return the loss
   * @throws IllegalArgumentException if a value is out of range
   */
  public static PreferenceLoss aotPair(double beta, double labelSmoothing) {
    return smoothed("aot_pair", beta, labelSmoothing);
  }

  /**
   * Kahneman-Tversky optimization (Ethayarajh et al. 2024, equation 8): for answers that are good
   * or bad by themselves. Pairs count as one of each.
   *
   * @param beta strength of the penalty on deviating from the reference, above 0; 0.1 is usual
   * @return the loss, both kinds of answers weighted 1
   * @throws IllegalArgumentException if beta is not above 0
   */
  public static PreferenceLoss kto(double beta) {
    return kto(beta, 1, 1);
  }

  /**
   * Kahneman-Tversky optimization with weights: a desirable answer has the loss 1 - sigmoid(beta (h
   * - z)), an undesirable one 1 - sigmoid(beta (z - h)), where h is its log-ratio to the reference
   * and z the mean log-ratio over mismatched prompts and answers of the batch, at least 0: an
   * estimate of the divergence from the reference, without gradient. Larger batches give better
   * estimates.
   *
   * <p>Weight times number should be about equal: the paper keeps the ratio of both between 1 and
   * 4/3.
   *
   * @param desirableWeight weight of desirable answers, above 0
   * @param undesirableWeight weight of undesirable answers, above 0
   * @return the loss
   * @throws IllegalArgumentException if a value is not above 0
   */
  public static PreferenceLoss kto(double beta, double desirableWeight, double undesirableWeight) {
    return unpaired("kto", beta, desirableWeight, undesirableWeight);
  }

  /**
   * {@link #kto(double, double, double)} with the divergence from the reference taken to be 0,
   * which needs no mismatched answers (APO-zero of D'Oosterlinck et al. 2024 for unpaired answers).
   *
   * @param beta strength of the penalty on deviating from the reference, above 0
   * @return the loss
   * @throws IllegalArgumentException if a value is not above 0
   */
  public static PreferenceLoss apoZeroUnpaired(
      double beta, double desirableWeight, double undesirableWeight) {
    return unpaired("apo_zero_unpaired", beta, desirableWeight, undesirableWeight);
  }

  private static PreferenceLoss unpaired(
      String name, double beta, double desirableWeight, double undesirableWeight) {
    return referenced(
        name,
        beta,
        Map.of(
            "desirableWeight",
            requirePositive("desirableWeight", desirableWeight),
            "undesirableWeight",
            requirePositive("undesirableWeight", undesirableWeight)));
  }

  /**
   * Odds ratio preference optimization (Hong et al. 2024, equations 4 to 7): cross-entropy of the
   * chosen answer and its prompt, plus lambda times -log sigmoid of the log odds ratio of both, on
   * mean token log-probabilities. No reference.
   *
   * @param lambda weight of the odds ratio, above 0; 0.1 is usual
   * @return the loss
   * @throws IllegalArgumentException if lambda is not above 0
   */
  public static PreferenceLoss orpo(double lambda) {
    return new PreferenceLoss("orpo", requirePositive("lambda", lambda), false, Map.of(), null);
  }

  /**
   * Simple preference optimization (Meng et al. 2024, equation 6): -log sigmoid of beta times the
   * difference of the mean token log-probabilities, minus gamma. No reference.
   *
   * @param beta multiplies the difference, above 0; 2 to 2.5 are usual
   * @param gamma the margin to reach, at least 0; 0.5 to 1.5 are usual
   * @return the loss
   * @throws IllegalArgumentException if a value is out of range
   */
  public static PreferenceLoss simpo(double beta, double gamma) {
    return simpo(beta, gamma, 0, 0);
  }

  /**
   * Simple preference optimization with label smoothing and the cross-entropy of the chosen
   * answers; with an alpha it is CPO-SimPO.
   *
   * @param alpha weight of the cross-entropy, at least 0
   * @return the loss
   * @throws IllegalArgumentException if a value is out of range
   */
  public static PreferenceLoss simpo(
      double beta, double gamma, double labelSmoothing, double alpha) {
    return new PreferenceLoss(
        "simpo",
        requirePositive("beta", beta),
        false,
        Map.of(
            "gamma",
            requireNotNegative("gamma", gamma),
            SMOOTHING,
            smoothing(labelSmoothing),
            ALPHA,
            requireNotNegative(ALPHA, alpha)),
        null);
  }

  /**
   * Contrastive preference optimization (Xu et al. 2024, equation 5): -log sigmoid of beta times
   * the difference of log-probabilities, plus alpha times the cross-entropy of the chosen answer.
   * No reference.
   *
   * @param beta multiplies the difference, above 0; 0.1 is usual
   * @param alpha weight of the cross-entropy, at least 0; 1 is usual
   * @return the loss
   * @throws IllegalArgumentException if a value is out of range
   */
  public static PreferenceLoss cpo(double beta, double alpha) {
    return cpo(beta, alpha, 0);
  }

  /**
   * Contrastive preference optimization with label smoothing.
   *
   * @return the loss
   * @throws IllegalArgumentException if a value is out of range
   */
  public static PreferenceLoss cpo(double beta, double alpha, double labelSmoothing) {
    return new PreferenceLoss(
        "cpo",
        requirePositive("beta", beta),
        false,
        Map.of(ALPHA, requireNotNegative(ALPHA, alpha), SMOOTHING, smoothing(labelSmoothing)),
        null);
  }

  /**
   * A custom pairwise loss. A resumed run must be given a loss with the same name and options. A
   * run description, as in YAML, cannot hold it.
   *
   * @param loss the term of a pair
   * @return the loss
   * @throws IllegalArgumentException if its name is blank or its beta is not above 0
   */
  public static PreferenceLoss custom(PairwiseLoss loss) {
    if (loss.name().isBlank()) {
      throw new IllegalArgumentException("name: expected a text, found none");
    }
    double beta = requirePositive("beta", loss.beta());
    return new PreferenceLoss(loss.name(), beta, loss.usesReference(), Map.of(), loss);
  }

  /** {@return the name, such as {@code sigmoid}, {@code ipo} or {@code kto}} */
  public String name() {
    return name;
  }

  /**
   * Returns the factor that turns log-probabilities into rewards; for {@link #orpo} lambda.
   *
   * @return above 0
   */
  public double beta() {
    return beta;
  }

  /** {@return whether the loss compares with a reference model} */
  public boolean usesReference() {
    return usesReference;
  }

  /**
   * Returns an option besides beta.
   *
   * @param option the parameter name of the factory method
   * @return its value; 0 if the loss has no such option
   */
  public double option(String option) {
    return options.getOrDefault(option, 0.0);
  }

  /** {@return the custom loss; empty for any other} */
  public Optional<PairwiseLoss> custom() {
    return Optional.ofNullable(custom);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PreferenceLoss loss
        && name.equals(loss.name)
        && beta == loss.beta
        && options.equals(loss.options)
        && Objects.equals(custom, loss.custom);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, beta, options, custom);
  }

  /** Returns the name and the options. */
  @Override
  public String toString() {
    return custom == null
        ? name + "[beta=" + beta + ", " + new TreeMap<>(options) + "]"
        : "custom " + name + " [" + custom.options() + "]";
  }

  private static double requirePositive(String name, double value) {
    if (!(value > 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(name + " must be above 0, found " + value);
    }
    return value;
  }

  private static double requireNotNegative(String name, double value) {
    if (!(value >= 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(name + " must be at least 0, found " + value);
    }
    return value;
  }

  private static double smoothing(double value) {
    if (!(value >= 0 && value < 0.5)) {
      throw new IllegalArgumentException(
          "labelSmoothing must be at least 0 and below 0.5, found " + value);
    }
    return value;
  }
}
