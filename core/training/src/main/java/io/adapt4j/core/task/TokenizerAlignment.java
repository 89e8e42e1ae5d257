package io.adapt4j.core.task;

import java.util.Objects;
import java.util.OptionalDouble;

/**
 * Loss of distillation between models of different tokenizers, as in GOLD. Tokens of both models
 * that cover the same text form a group, whose probability is the product of its tokens'. The loss
 * is the mean over groups of
 *
 * <pre>
 * distillation * (matched * divergence + unmatched * distance) + crossEntropy * -log p(text)
 * </pre>
 *
 * where the divergence is over the tokens that both vocabularies have, and the distance is the L1
 * distance of the sorted probabilities of all others (Boizard et al. 2024).
 *
 * @param hybrid whether equal tokens are matched; false for the distance over all tokens
 * @param wholeTexts whether a group of several tokens has the divergence of its text from all other
 *     texts, with both weights; false for tokens after the group's first ones, as in GOLD, although
 *     these stand for different texts in both models
 * @param matched weight of the divergence; empty for the share of the teacher's vocabulary that the
 *     student has
 * @param unmatched weight of the distance; empty for the rest of 1
 * @param crossEntropy weight of the cross-entropy of the group's text
 * @param distillation weight of divergence and distance together
 */
public record TokenizerAlignment(
    boolean hybrid,
    boolean wholeTexts,
    OptionalDouble matched,
    OptionalDouble unmatched,
    double crossEntropy,
    double distillation) {

  /**
   * Checks the weights. Throws {@link IllegalArgumentException} if one is negative or not finite,
   * or only one of the first two is given.
   */
  public TokenizerAlignment {
    Objects.requireNonNull(matched, "matched");
    Objects.requireNonNull(unmatched, "unmatched");
    require("matched", matched.orElse(0));
    require("unmatched", unmatched.orElse(0));
    require("crossEntropy", crossEntropy);
    require("distillation", distillation);
    if (matched.isPresent() != unmatched.isPresent()) {
      throw new IllegalArgumentException(
          "matched and unmatched: expected both or neither, found "
              + matched
              + " and "
              + unmatched);
    }
    if (!hybrid && matched.isPresent()) {
      throw new IllegalArgumentException(
          "matched and unmatched: expected none without hybrid, which compares all tokens sorted");
    }
  }

  private static void require(String name, double weight) {
    if (!(weight >= 0) || Double.isInfinite(weight)) {
      throw new IllegalArgumentException(name + ": expected at least 0, found " + weight);
    }
  }

  /**
   * Returns the default weights: hybrid, by the vocabularies' overlap, without cross-entropy.
   *
   * @return the weights
   */
  public static TokenizerAlignment create() {
    return new TokenizerAlignment(true, true, OptionalDouble.empty(), OptionalDouble.empty(), 0, 1);
  }

  /**
   * Returns the weights with those of matched and of other tokens.
   *
   * @param ofMatched weight of the divergence over matched tokens
   * @param ofUnmatched weight of the sorted distance of the others
   * @return a changed copy
   */
  public TokenizerAlignment hybrid(double ofMatched, double ofUnmatched) {
    return new TokenizerAlignment(
        true,
        wholeTexts,
        OptionalDouble.of(ofMatched),
        OptionalDouble.of(ofUnmatched),
        crossEntropy,
        distillation);
  }

  /**
   * Returns the loss for the sorted distance over all tokens, as in Universal Logit Distillation.
   *
   * @return a changed copy
   */
  public TokenizerAlignment sorted() {
    return new TokenizerAlignment(
        false,
        wholeTexts,
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        crossEntropy,
        distillation);
  }

  /**
   * Returns the loss with groups of several tokens compared by whole texts or not.
   *
   * @param whole false to merge tokens as GOLD does; default true
   * @return a changed copy
   */
  public TokenizerAlignment wholeTexts(boolean whole) {
    return new TokenizerAlignment(hybrid, whole, matched, unmatched, crossEntropy, distillation);
  }

  /**
   * Returns the weights with another one of the cross-entropy.
   *
   * @param weight at least 0; default 0
   * @return a changed copy
   */
  public TokenizerAlignment crossEntropy(double weight) {
    return new TokenizerAlignment(hybrid, wholeTexts, matched, unmatched, weight, distillation);
  }

  /**
   * Returns the weights with another one of divergence and distance.
   *
   * @param weight at least 0; default 1
   * @return a changed copy
   */
  public TokenizerAlignment distillation(double weight) {
    return new TokenizerAlignment(hybrid, wholeTexts, matched, unmatched, crossEntropy, weight);
  }
}
