package io.adapt4j.rag.split;

import io.adapt4j.core.tokenize.Tokenizer;

/** Counts the tokens of a text, deterministically. */
@FunctionalInterface
public interface TokenCounter {

  /**
   * Counts tokens.
   *
   * @param text any text; may be empty
   * @return its number of tokens, including special tokens
   */
  int count(String text);

  /**
   * Returns whether a text has as many tokens as its blank-separated words have separately. If so,
   * each distinct word is counted only once.
   *
   * @return false by default
   */
  default boolean isSumOfWords() {
    return false;
  }

  /**
   * Returns the counter of a model's tokenizer, including special tokens.
   *
   * @param tokenizer the tokenizer of the embedding model; closed by the caller
   * @return the counter; an unpaired surrogate counts as U+FFFD
   */
  static TokenCounter of(Tokenizer tokenizer) {
    return new ModelCounter(tokenizer);
  }

  /**
   * Returns a counter of words, numbers and marks: a run of letters and digits is one token, and so
   * is each ideograph and each other non-blank character. Needs no model. For English, models count
   * about a seventh more.
   *
   * @return the counter
   */
  static TokenCounter words() {
    return new WordCounter();
  }
}
