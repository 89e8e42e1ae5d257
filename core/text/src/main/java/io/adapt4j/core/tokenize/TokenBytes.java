package io.adapt4j.core.tokenize;

import java.util.Arrays;
import java.util.List;

/**
 * The UTF-8 bytes that each token of a vocabulary adds to a text; a token may hold part of a
 * character. Special tokens, ids without a token and tokens that add nothing have none.
 *
 * <p>Immutable and thread-safe. {@link Tokenizer#tokenBytes()} creates one for a tokenizer and
 * keeps it, so that derived data can be cached by its identity.
 */
public final class TokenBytes {

  private final byte[] bytes;
  private final int[] starts;
  private final TokenBytes atBeginning;

  private TokenBytes(List<byte[]> tokens, List<byte[]> first) {
    starts = new int[tokens.size() + 1];
    for (int id = 0; id < tokens.size(); id++) {
      starts[id + 1] = Math.addExact(starts[id], tokens.get(id).length);
    }
    bytes = new byte[starts[tokens.size()]];
    for (int id = 0; id < tokens.size(); id++) {
      System.arraycopy(tokens.get(id), 0, bytes, starts[id], tokens.get(id).length);
    }
    atBeginning = first == tokens ? this : new TokenBytes(first, first);
  }

  /**
   * Creates a vocabulary from the bytes of its tokens, independent of a {@link Tokenizer}.
   *
   * @param tokens the bytes of each id; empty for none
   * @return the vocabulary
   */
  public static TokenBytes of(List<byte[]> tokens) {
    return new TokenBytes(tokens, tokens);
  }

  /** Creates a vocabulary whose tokens have other bytes at the beginning of a text. */
  static TokenBytes of(List<byte[]> tokens, List<byte[]> first) {
    return new TokenBytes(tokens, first);
  }

  /** {@return the number of ids: the largest id plus one} */
  public int size() {
    return starts.length - 1;
  }

  /**
   * Counts the bytes of a token.
   *
   * @param id the token's id, below {@link #size()}
   * @return the number of bytes; 0 if it has none
   */
  public int length(int id) {
    return starts[id + 1] - starts[id];
  }

  /**
   * Returns a byte of a token.
   *
   * @param id the token's id
   * @param index index in the token, below {@link #length}
   * @return the byte, 0 to 255
   */
  public int at(int id, int index) {
    return bytes[starts[id] + index] & 0xFF;
  }

  /**
   * Returns the bytes of a token.
   *
   * @return a new array; empty if it has none
   */
  public byte[] bytes(int id) {
    return Arrays.copyOfRange(bytes, starts[id], starts[id + 1]);
  }

  /**
   * Returns the bytes that tokens add at the beginning of a text. Vocabularies that mark words by
   * the space before them drop that of the first word.
   *
   * @return the bytes at the beginning of a text; this object if they are the same
   */
  public TokenBytes atBeginning() {
    return atBeginning;
  }
}
