package io.adapt4j.rag.split;

import io.adapt4j.core.internal.UnpairedSurrogates;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.charset.StandardCharsets;

/** Token counter of a model's tokenizer. */
final class ModelCounter implements TokenCounter {

  /** Tokens that identify BERT's WordPiece, which ignores blanks. */
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

  /** Replaces unpaired surrogates by U+FFFD. */
  private static String paired(String text) {
    return UnpairedSurrogates.indexIn(text) < 0
        ? text
        : new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
  }
}
