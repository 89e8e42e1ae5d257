package io.adapt4j.core.augment;

/**
 * What a paraphrase must keep of its original, and not add to it. The checks read the texts alone
 * and are meant to reject rather too much: a rejected paraphrase is asked for again.
 */
public enum Detail {
  /**
   * Numbers and dates. {@code 1,000} is {@code 1000}; {@code 2024-03-05} is {@code 5 March 2024};
   * English words up to twelve and names of months count as their numbers.
   */
  NUMBERS(Rejection.NUMBERS),
  /** What stands in quotation marks or backticks, letter by letter. */
  QUOTES(Rejection.QUOTES),
  /**
   * Names and terms: words with a capital within a sentence, or with capitals, digits or
   * underscores inside, in any case. A word that begins a sentence is taken for a name only before
   * another one. Not for languages that write common nouns with capitals, such as German.
   */
  NAMES(Rejection.NAMES),
  /** That something is denied at all: English, and the plainest words of German and French. */
  NEGATION(Rejection.NEGATION);

  private final Rejection rejection;

  Detail(Rejection rejection) {
    this.rejection = rejection;
  }

  Rejection rejection() {
    return rejection;
  }

  /** Whether a paraphrase has what the original has, and no more. */
  boolean isKept(String original, String paraphrase) {
    return switch (this) {
      case NUMBERS -> Numbers.kept(original, paraphrase);
      case QUOTES -> Quotes.kept(original, paraphrase);
      case NAMES -> Names.kept(original, paraphrase);
      case NEGATION -> Negation.kept(original, paraphrase);
    };
  }
}
