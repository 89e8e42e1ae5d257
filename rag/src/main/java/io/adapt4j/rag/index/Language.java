package io.adapt4j.rag.index;

/** Language of the text analysis: tokenization, lowercasing, stop words and stemming. */
public enum Language {
  /** English: Porter stemmer and stop words. */
  ENGLISH,
  /** German. */
  GERMAN,
  /** French. */
  FRENCH,
  /** Spanish. */
  SPANISH,
  /** Italian. */
  ITALIAN,
  /** Portuguese. */
  PORTUGUESE,
  /** Dutch. */
  DUTCH,
  /** Any language: lowercasing only. */
  ANY
}
