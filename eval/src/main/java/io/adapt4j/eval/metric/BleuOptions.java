package io.adapt4j.eval.metric;

import io.adapt4j.eval.internal.metric.text.BleuTokenizer;
import java.util.List;
import java.util.Locale;

/**
 * Options of BLEU, under sacrebleu's names.
 *
 * @param tokenizer splits texts into words: {@code 13a} (the default), {@code intl}, {@code zh},
 *     {@code char} or {@code none}
 * @param smoothing for orders without a match (Chen and Cherry 2014): {@code exp} (the default),
 *     {@code floor}, {@code add-k} or {@code none}
 * @param smoothingValue the count of {@code floor} or {@code add-k}; otherwise unused
 * @param maxOrder longest n-grams, at least 1; 4 by default
 * @param lowercase whether case is ignored; false by default
 * @param effectiveOrder whether orders that a text is too short for are left out; false by default,
 *     recommended for single sentences
 */
public record BleuOptions(
    String tokenizer,
    String smoothing,
    double smoothingValue,
    int maxOrder,
    boolean lowercase,
    boolean effectiveOrder) {
  static final String EXP = "exp";
  static final String FLOOR = "floor";
  static final String ADD_K = "add-k";
  private static final List<String> SMOOTHINGS = List.of(EXP, FLOOR, ADD_K, "none");
  private static final double DEFAULT_FLOOR = 0.1;

  /** The defaults of sacrebleu for a corpus. */
  public static final BleuOptions DEFAULT = new BleuOptions("13a", EXP, 0, 4, false, false);

  /** Checks the options. */
  public BleuOptions {
    BleuTokenizer.named(tokenizer);
    if (!SMOOTHINGS.contains(smoothing)) {
      throw new IllegalArgumentException(
          "smoothing is \"" + smoothing + "\"; give one of " + SMOOTHINGS);
    }
    if (!(smoothingValue >= 0) || Double.isInfinite(smoothingValue)) {
      throw new IllegalArgumentException(
          "smoothingValue is " + smoothingValue + "; give a number from 0 up");
    }
    if (maxOrder < 1) {
      throw new IllegalArgumentException("maxOrder is " + maxOrder + "; give at least 1");
    }
  }

  /**
   * Returns these options with another tokenizer.
   *
   * @param name sacrebleu's name of the tokenizer
   * @return the options
   * @throws IllegalArgumentException if there is no such tokenizer
   */
  public BleuOptions withTokenizer(String name) {
    return new BleuOptions(name, smoothing, smoothingValue, maxOrder, lowercase, effectiveOrder);
  }

  /**
   * Returns these options with another smoothing and sacrebleu's default value for it.
   *
   * @param method sacrebleu's name of the method
   * @return the options
   * @throws IllegalArgumentException if there is no such method
   */
  public BleuOptions withSmoothing(String method) {
    return withSmoothing(method, method.equals(FLOOR) ? DEFAULT_FLOOR : 1);
  }

  /**
   * Returns these options with another smoothing.
   *
   * @param value the count of {@code floor} or {@code add-k}
   * @return the options
   * @throws IllegalArgumentException if there is no such method, or the value is negative
   */
  public BleuOptions withSmoothing(String method, double value) {
    return new BleuOptions(tokenizer, method, value, maxOrder, lowercase, effectiveOrder);
  }

  /**
   * Returns these options with another maximum order.
   *
   * @param order the longest n-grams, at least 1
   * @return the options
   */
  public BleuOptions withMaxOrder(int order) {
    return new BleuOptions(tokenizer, smoothing, smoothingValue, order, lowercase, effectiveOrder);
  }

  /** {@return these options, ignoring case} */
  public BleuOptions ignoringCase() {
    return new BleuOptions(tokenizer, smoothing, smoothingValue, maxOrder, true, effectiveOrder);
  }

  /** {@return these options, leaving out orders that a text is too short for} */
  public BleuOptions withEffectiveOrder() {
    return new BleuOptions(tokenizer, smoothing, smoothingValue, maxOrder, lowercase, true);
  }

  /**
   * Tokenizes a text with these options, as before n-grams are counted.
   *
   * @param text the text
   * @return its words, separated by single spaces
   */
  public String tokenize(String text) {
    return BleuTokenizer.named(tokenizer).tokenize(text);
  }

  String signature(String references) {
    boolean hasValue = smoothing.equals(FLOOR) || smoothing.equals(ADD_K);
    return "nrefs:%s|case:%s|eff:%s|tok:%s|smooth:%s%s"
        .formatted(
            references,
            lowercase ? "lc" : "mixed",
            effectiveOrder ? "yes" : "no",
            tokenizer,
            smoothing,
            hasValue ? String.format(Locale.ROOT, "[%.2f]", smoothingValue) : "");
  }
}
