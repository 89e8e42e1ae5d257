package io.adapt4j.core.augment;

import java.util.function.BiPredicate;

/**
 * What a wording must keep of its original, and not add to it. The checks read the texts alone and
 * are meant to reject rather too much: a rejected wording is asked for again.
 */
public enum Detail {
  /**
   * Numbers and dates. {@code 1,000} is {@code 1000}; {@code 2024-03-05} is {@code 5 March 2024};
   * English words up to twelve and names of months count as their numbers.
   */
  NUMBERS(Rejection.NUMBERS, Numbers::kept),
  /** What stands in quotation marks or backticks, letter by letter. */
  QUOTES(Rejection.QUOTES, Quotes::kept),
  /**
   * Names and terms: words with a capital within a sentence, or with capitals, digits or
   * underscores inside, in any case. A word that begins a sentence is taken for a name only before
   * another one. Not for languages that write common nouns with capitals, such as German.
   */
  NAMES(Rejection.NAMES, Names::kept),
  /** That something is denied at all: English, and the plainest words of German and French. */
  NEGATION(Rejection.NEGATION, Negation::kept);

  private final Rejection rejection;
  private final BiPredicate<String, String> kept;

  Detail(Rejection rejection, BiPredicate<String, String> kept) {
    this.rejection = rejection;
    this.kept = kept;
  }

  Rejection rejection() {
    return rejection;
  }

  /** Whether a wording has what the original has, and no more. */
  boolean isKept(String original, String wording) {
    return kept.test(original, wording);
  }
}
