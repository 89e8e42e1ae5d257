package io.adapt4j.core.internal;

import java.util.List;

/**
 * Quotes texts to be judged between lines with a word that none of them contains, so that their
 * content cannot pass for the end of the quote or for an instruction.
 */
public final class Quoted {

  private static final int WORD_LENGTH = 10;

  private final String word;

  private Quoted(String word) {
    this.word = word;
  }

  /**
   * Derives the word from a hash of the texts: prompts are reproducible, and no text can predict
   * it.
   */
  public static Quoted of(List<String> texts) {
    String all = String.join("\n", texts);
    String word;
    int round = 0;
    do {
      word = "text-" + FileDigest.sha256(round++ + all).substring(0, WORD_LENGTH);
    } while (all.contains(word));
    return new Quoted(word);
  }

  /** {@return the word around the texts} */
  public String word() {
    return word;
  }

  public String between(String text) {
    return word + "\n" + text.strip() + "\n" + word;
  }

  /** Quotes a text below a title. */
  public String block(String title, String text) {
    return title + ":\n" + between(text) + "\n\n";
  }
}
