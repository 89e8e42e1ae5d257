package io.adapt4j.rag.index;

/**
 * How words of a text are made comparable: cut, lower-cased, common ones left out, endings removed.
 */
public enum Language {
  /** English: Porter's stems, without the most common words. */
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
  /** Any: words are lower-cased only. */
  ANY
}
