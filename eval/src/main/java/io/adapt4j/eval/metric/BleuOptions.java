package io.adapt4j.eval.metric;

import java.util.Objects;

/**
 * How BLEU counts.
 *
 * @param tokenizer cuts texts into words; 13a by default
 * @param smoothing for orders without a match; exponential by default
 * @param maxOrder longest n-grams; 4 by default
 * @param lowercase whether case is ignored; false by default
 * @param effectiveOrder whether orders that a text is too short for are left out; false by default,
 *     advisable for single sentences
 */
public record BleuOptions(
    BleuTokenizer tokenizer,
    Smoothing smoothing,
    int maxOrder,
    boolean lowercase,
    boolean effectiveOrder) {

  /** What sacrebleu does for a corpus without further options. */
  public static final BleuOptions DEFAULT =
      new BleuOptions(BleuTokenizer.MTEVAL_13A, Smoothing.exp(), 4, false, false);

  /**
   * Checks the options.
   *
   * @param tokenizer cuts texts into words
   * @param smoothing for orders without a match
   * @param maxOrder longest n-grams, at least 1
   * @param lowercase whether case is ignored
   * @param effectiveOrder whether orders that a text is too short for are left out
   * @throws IllegalArgumentException if the longest order is below 1
   */
  public BleuOptions {
    Objects.requireNonNull(tokenizer, "tokenizer");
    Objects.requireNonNull(smoothing, "smoothing");
    if (maxOrder < 1) {
      throw new IllegalArgumentException("maxOrder is " + maxOrder + "; give at least 1");
    }
  }

  /**
   * Returns these options with another tokenizer.
   *
   * @param other the tokenizer
   * @return the options
   */
  public BleuOptions with(BleuTokenizer other) {
    return new BleuOptions(other, smoothing, maxOrder, lowercase, effectiveOrder);
  }

  /**
   * Returns these options with another smoothing.
   *
   * @param other the smoothing
   * @return the options
   */
  public BleuOptions with(Smoothing other) {
    return new BleuOptions(tokenizer, other, maxOrder, lowercase, effectiveOrder);
  }

  /**
   * Returns these options with another longest order.
   *
   * @param order the longest n-grams, at least 1
   * @return the options
   */
  public BleuOptions withMaxOrder(int order) {
    return new BleuOptions(tokenizer, smoothing, order, lowercase, effectiveOrder);
  }

  /**
   * Returns these options, ignoring case.
   *
   * @return the options
   */
  public BleuOptions ignoringCase() {
    return new BleuOptions(tokenizer, smoothing, maxOrder, true, effectiveOrder);
  }

  /**
   * Returns these options, leaving out orders that a text is too short for.
   *
   * @return the options
   */
  public BleuOptions withEffectiveOrder() {
    return new BleuOptions(tokenizer, smoothing, maxOrder, lowercase, true);
  }

  String signature(String references) {
    return "nrefs:"
        + references
        + "|case:"
        + (lowercase ? "lc" : "mixed")
        + "|eff:"
        + (effectiveOrder ? "yes" : "no")
        + "|tok:"
        + tokenizer.signature()
        + "|smooth:"
        + smoothing.signature();
  }
}
