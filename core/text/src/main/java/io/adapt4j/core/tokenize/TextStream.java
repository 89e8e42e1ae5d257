package io.adapt4j.core.tokenize;

import java.util.Arrays;

/**
 * Incremental decoder: turns tokens into text one at a time. Each token gives the text it
 * completes, which may be empty: a character whose bytes are spread over several tokens is emitted
 * whole with the last of them. If decoding removes spaces before punctuation, a word is emitted
 * with the space after it.
 *
 * <p>The concatenated pieces equal {@link Tokenizer#decode} of all tokens. The only exception:
 * invalid bytes may differ in how many U+FFFD they become.
 *
 * <p>Each token costs the decoding of a few tokens, however long the text. Not thread-safe. Valid
 * as long as its tokenizer is open.
 */
public final class TextStream {

  private static final char REPLACEMENT = '\uFFFD';
  private static final int MOST_PENDING = 16;

  /** Number of preceding tokens with which a decoder treats the next as not the first. */
  private static final int MOST_BEFORE = 8;

  private final Tokenizer tokenizer;
  private final boolean skipSpecialTokens;
  private final boolean cleanUpSpaces;

  /**
   * Tokens whose text has been emitted come first. They stay because decoders treat the first token
   * of a sequence differently, for example drop its leading space.
   */
  private int[] window = new int[2 * MOST_PENDING];

  private int emitted;
  private int size;
  private final StringBuilder held = new StringBuilder();
  private boolean finished;

  TextStream(Tokenizer tokenizer, boolean skipSpecialTokens, boolean cleanUpSpaces) {
    this.tokenizer = tokenizer;
    this.skipSpecialTokens = skipSpecialTokens;
    this.cleanUpSpaces = cleanUpSpaces;
  }

  /** Treats the end of the preceding tokens as text that has been emitted. */
  void follow(int[] before) {
    int from = before.length;
    while (from > 0 && before.length - from < MOST_BEFORE && isText(before[from - 1])) {
      from--;
    }
    size = before.length - from;
    emitted = size;
    System.arraycopy(before, from, window, 0, size);
  }

  /** {@return whether the next token begins a text, so that its leading space may be dropped} */
  public boolean isAtBeginning() {
    return size == 0;
  }

  private boolean isText(int id) {
    return !tokenizer.isSpecial(id) && tokenizer.hasToken(id);
  }

  /**
   * Adds the next token.
   *
   * @param id the token's id
   * @return the text that is now complete; may be empty
   * @throws IllegalArgumentException if the id is negative
   * @throws IllegalStateException if the stream is finished or the tokenizer closed
   */
  public String push(int id) {
    requireUnfinished();
    boolean silent = (tokenizer.isSpecial(id) && skipSpecialTokens) || !tokenizer.hasToken(id);
    if (silent) {
      return "";
    }
    if (size == window.length) {
      window = Arrays.copyOf(window, 2 * size);
    }
    window[size++] = id;
    String before = decode(emitted);
    String after = decode(size);
    boolean complete =
        after.length() > before.length() && after.charAt(after.length() - 1) != REPLACEMENT;
    boolean hopeless = size - emitted > MOST_PENDING && !after.isEmpty();
    return complete || hopeless ? emit(before, after) : "";
  }

  /**
   * Finishes the text.
   *
   * @return the held back rest, with U+FFFD for an unfinished character
   * @throws IllegalStateException if the stream is finished or the tokenizer closed
   */
  public String finish() {
    requireUnfinished();
    String rest = rest(decode(emitted), decode(size));
    finished = true;
    if (!cleanUpSpaces) {
      return rest;
    }
    return SpaceCleanup.apply(held.append(rest).toString());
  }

  private String emit(String before, String after) {
    size -= emitted;
    System.arraycopy(window, emitted, window, 0, size);
    emitted = size;
    String text = rest(before, after);
    return cleanUpSpaces ? cleanStablePart(text) : text;
  }

  private String cleanStablePart(String text) {
    held.append(text);
    int stable = SpaceCleanup.stableLength(held.toString());
    String cleaned = SpaceCleanup.apply(held.substring(0, stable));
    held.delete(0, stable);
    return cleaned;
  }

  private String decode(int to) {
    return tokenizer.decodeAsIs(window, 0, to, skipSpecialTokens);
  }

  private static String rest(String before, String after) {
    return after.substring(Math.min(before.length(), after.length()));
  }

  private void requireUnfinished() {
    if (finished) {
      throw new IllegalStateException("the text is finished; start another stream");
    }
  }
}
