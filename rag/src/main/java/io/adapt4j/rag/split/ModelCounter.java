package io.adapt4j.rag.split;

import io.adapt4j.core.internal.UnpairedSurrogates;
import io.adapt4j.core.tokenize.Tokenizer;

/** Counts as the tokenizer of a model does. */
final class ModelCounter implements TokenCounter {

  /** With these two tokens a vocabulary is BERT's WordPiece, which knows no blanks. */
  private static final String BERT_BEGINNING = "[CLS]";

  private static final String WORD_PIECE = "##s";

  private final Tokenizer tokenizer;
  private final boolean sumOfWords;

  ModelCounter(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    sumOfWords = tokenizer.id(BERT_BEGINNING).isPresent() && tokenizer.id(WORD_PIECE).isPresent();
  }

  @Override
  public int count(String text) {
    return tokenizer.encode(paired(text), true).length;
  }

  @Override
  public boolean isSumOfWords() {
    return sumOfWords;
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
