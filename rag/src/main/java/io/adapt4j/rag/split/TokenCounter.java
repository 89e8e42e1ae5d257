package io.adapt4j.rag.split;

import io.adapt4j.core.tokenize.Tokenizer;

/** Counts the tokens of a text. The same text must always have the same number. */
@FunctionalInterface
public interface TokenCounter {

  /**
   * Counts.
   *
   * @param text any text; may be empty
   * @return its tokens as a model gets them, with those that are added to every text
   */
  int count(String text);

  /**
   * Returns whether a text has as many tokens as its words have by themselves, a word being what
   * stands between blanks. If so, words are counted once and nothing else is.
   *
   * @return false where nothing else is known
   */
  default boolean isSumOfWords() {
    return false;
  }

  /**
   * Counts as a model's tokenizer does, with the special tokens that it adds around a text.
   *
   * @param tokenizer the tokenizer of the embedding model; stays the caller's to close
   * @return the counter; an unpaired surrogate counts as U+FFFD
   */
  static TokenCounter of(Tokenizer tokenizer) {
    return new ModelCounter(tokenizer);
  }

  /**
   * Counts words, numbers and marks: a run of letters and digits is one token, and so is each
   * ideograph and each other character that is not blank. Needs no model. For English, models count
   * about a seventh more.
   *
   * @return the counter
   */
  static TokenCounter words() {
    return new WordCounter();
  }
}
