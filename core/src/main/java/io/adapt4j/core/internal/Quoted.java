package io.adapt4j.core.internal;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/**
 * Texts to be judged, between lines with a word that none of them holds: what stands inside cannot
 * pass for the end of it, or for an instruction.
 */
public final class Quoted {

  private static final int WORD_LENGTH = 10;

  private final String word;

  private Quoted(String word) {
    this.word = word;
  }

  /**
   * Finds a word. It is hashed from the texts: the same prompt each time, and no text can know it
   * beforehand.
   */
  public static Quoted of(List<String> texts) {
    String all = String.join("\n", texts);
    String word;
    int round = 0;
    do {
      byte[] bytes = (round++ + all).getBytes(StandardCharsets.UTF_8);
      String digest = HexFormat.of().formatHex(FileDigest.sha256().digest(bytes));
      word = "text-" + digest.substring(0, WORD_LENGTH);
    } while (all.contains(word));
    return new Quoted(word);
  }

  /** {@return the word around the texts} */
  public String word() {
    return word;
  }

  /** Quotes a text. */
  public String between(String text) {
    return word + "\n" + text.strip() + "\n" + word;
  }

  /** Quotes a text below a title. */
  public String block(String title, String text) {
    return title + ":\n" + between(text) + "\n\n";
  }
}
