package io.adapt4j.core.augment;

/**
 * Kind of detail that a paraphrase must keep from its original and not add. The checks compare the
 * texts only and prefer false rejections: a rejected paraphrase is requested again.
 */
public enum Detail {
  /**
   * Numbers and dates. {@code 1,000} equals {@code 1000}; {@code 2024-03-05} equals {@code 5 March
   * 2024}; English number words up to twelve and names of months count as numbers.
   */
  NUMBERS(Rejection.NUMBERS),
  /** Texts in quotation marks or backticks, verbatim. */
  QUOTES(Rejection.QUOTES),
  /**
   * Names and terms: capitalized words within a sentence, or words with inner capitals, digits or
   * underscores; compared case-insensitively. The first word of a sentence counts as a name only if
   * another name follows. Not for languages that capitalize common nouns, such as German.
   */
  NAMES(Rejection.NAMES),
  /** Presence of a negation: in English, and by the most common words in German and French. */
  NEGATION(Rejection.NEGATION);

  private final Rejection rejection;

  Detail(Rejection rejection) {
    this.rejection = rejection;
  }

  Rejection rejection() {
    return rejection;
  }

  /** Returns whether a paraphrase has the same details as the original. */
  boolean isKept(String original, String paraphrase) {
    return switch (this) {
      case NUMBERS -> Numbers.kept(original, paraphrase);
      case QUOTES -> Quotes.kept(original, paraphrase);
      case NAMES -> Names.kept(original, paraphrase);
      case NEGATION -> Negation.kept(original, paraphrase);
    };
  }
}
