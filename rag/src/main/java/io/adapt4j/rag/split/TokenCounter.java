package io.adapt4j.rag.split;

import io.adapt4j.core.internal.UnpairedSurrogates;
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
   * Counts as a model's tokenizer does, with the special tokens that it adds around a text.
   *
   * @param tokenizer the tokenizer of the embedding model; stays the caller's to close
   * @return the counter; an unpaired surrogate counts as U+FFFD
   */
  static TokenCounter of(Tokenizer tokenizer) {
    return text -> tokenizer.encode(paired(text), true).length;
  }

  /**
   * Counts words, numbers and marks: a run of letters and digits is one token, and so is each
   * ideograph and each other character that is not blank. Needs no model. For English, models count
   * about a seventh more.
   *
   * @return the counter
   */
  static TokenCounter words() {
    return WordCounter::count;
  }

  private static String paired(String text) {
    int position = UnpairedSurrogates.indexIn(text);
    if (position < 0) {
      return text;
    }
    StringBuilder whole = new StringBuilder(text);
    for (int i = position; i < whole.length(); i++) {
      if (!Character.isSurrogate(whole.charAt(i))) {
        continue;
      }
      boolean pair =
          i + 1 < whole.length() && Character.isSurrogatePair(whole.charAt(i), whole.charAt(i + 1));
      if (pair) {
        i++;
      } else {
        whole.setCharAt(i, '\uFFFD');
      }
    }
    return whole.toString();
  }
}
