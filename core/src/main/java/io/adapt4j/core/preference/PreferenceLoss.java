package io.adapt4j.core.preference;

import io.adapt4j.core.spi.PairwiseLoss;

/**
 * A loss that teaches a model to prefer some answers to others, without a reward model. The model's
 * reward of an answer is beta times its log-probability, less that under a reference model where
 * the loss has one.
 */
public sealed interface PreferenceLoss permits Dpo, Orpo, SimPo, Cpo, Kto, PreferenceLoss.Custom {

  /**
   * Direct preference optimization (Rafailov et al. 2023, equation 7): -log sigmoid of the margin
   * between the rewards of the chosen and the rejected answer. {@link Dpo} has its variants.
   *
   * @param beta how closely the model is held to the reference, above 0; 0.1 is usual
   * @return the loss
   * @throws IllegalArgumentException if beta is not above 0
   */
  static Dpo dpo(double beta) {
    return new Dpo(beta, Dpo.Form.SIGMOID, 0);
  }

  /**
   * Kahneman-Tversky optimization (Ethayarajh et al. 2024, equation 8): for answers that are good
   * or bad by themselves. Pairs count as one of each.
   *
   * @param beta how closely the model is held to the reference, above 0; 0.1 is usual
   * @return the loss, both kinds of answers weighted 1
   * @throws IllegalArgumentException if beta is not above 0
   */
  static Kto kto(double beta) {
    return new Kto(beta, 1, 1, true);
  }

  /**
   * Odds ratio preference optimization (Hong et al. 2024, equations 4 to 7): cross-entropy of the
   * chosen answer and its prompt, and lambda times -log sigmoid of the log odds ratio of both. No
   * reference.
   *
   * @param lambda weight of the odds ratio, above 0; 0.1 is usual
   * @return the loss
   * @throws IllegalArgumentException if lambda is not above 0
   */
  static Orpo orpo(double lambda) {
    return new Orpo(lambda);
  }

  /**
   * Simple preference optimization (Meng et al. 2024, equation 6): -log sigmoid of beta times the
   * difference of the mean log-probabilities of a token, less gamma. No reference.
   *
   * @param beta multiplies the difference, above 0; 2 to 2.5 are usual
   * @param gamma the margin to reach, at least 0; 0.5 to 1.5 are usual
   * @return the loss
   * @throws IllegalArgumentException if a value is out of range
   */
  static SimPo simpo(double beta, double gamma) {
    return new SimPo(beta, gamma, 0, 0);
  }

  /**
   * Contrastive preference optimization (Xu et al. 2024, equation 5): -log sigmoid of beta times
   * the difference of log-probabilities, and alpha times the cross-entropy of the chosen answer. No
   * reference.
   *
   * @param beta multiplies the difference, above 0; 0.1 is usual
   * @param alpha weight of the cross-entropy, at least 0; 1 is usual
   * @return the loss
   * @throws IllegalArgumentException if a value is out of range
   */
  static Cpo cpo(double beta, double alpha) {
    return new Cpo(beta, alpha, 0);
  }

  /**
   * A loss of pairs of your own. A run that resumes has to be given a loss of the same name and
   * options. A description of the run, as in YAML, cannot hold it.
   *
   * @param loss the term of a pair
   * @return the loss
   * @throws IllegalArgumentException if its name is blank or its beta is not above 0
   */
  static PreferenceLoss custom(PairwiseLoss loss) {
    return new Custom(loss);
  }

  /**
   * A loss that is code.
   *
   * @param loss the term of a pair
   */
  record Custom(PairwiseLoss loss) implements PreferenceLoss {

    /**
     * Checks name and beta.
     *
     * @param loss the term of a pair
     * @throws IllegalArgumentException if its name is blank or its beta is not above 0
     */
    public Custom {
      if (loss.name().isBlank()) {
        throw new IllegalArgumentException("name: expected a text, found none");
      }
      Settings.requirePositive("beta", loss.beta());
    }

    @Override
    public double beta() {
      return loss.beta();
    }

    @Override
    public boolean usesReference() {
      return loss.usesReference();
    }

    /** Returns the name and the options, which tell losses apart. */
    @Override
    public String toString() {
      return "custom " + loss.name() + " [" + loss.options() + "]";
    }
  }

  /**
   * Returns what log-probabilities are multiplied by to be rewards.
   *
   * @return above 0
   */
  double beta();

  /** {@return whether the loss compares with a reference model} */
  boolean usesReference();
}
