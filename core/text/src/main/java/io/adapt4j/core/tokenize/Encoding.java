package io.adapt4j.core.tokenize;

import java.util.Arrays;

/**
 * The tokens of a text, or of a pair of texts, with the span of text of each token. Not copied in
 * or out: treat the arrays as read-only.
 *
 * <p>Offsets count UTF-16 units of the token's text; in a pair each text counts from 0. A token
 * that is a part of a character, as byte-level tokens can be, has the span of the whole character.
 * A token that came from no text, such as a beginning-of-sequence token, has an empty span at 0.
 *
 * @param ids token ids
 * @param typeIds segment of each token, as BERT's {@code token_type_ids}: 0, and for the second
 *     text of a pair 1 if the model distinguishes the two
 * @param starts first character of each token
 * @param ends character after each token
 * @param special whether the tokenizer added the token to the text
 * @param pieces index of the piece that each token is a part of, from 0, if the tokenizer splits a
 *     text into pieces before it makes tokens; -1 for added tokens
 */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record Encoding(
    int[] ids, int[] typeIds, int[] starts, int[] ends, boolean[] special, int[] pieces) {

  static final Encoding EMPTY = empty(0);

  /**
   * Creates an encoding. Throws {@link IllegalArgumentException} if the arrays differ in length.
   */
  public Encoding {
    if (typeIds.length != ids.length
        || starts.length != ids.length
        || ends.length != ids.length
        || special.length != ids.length
        || pieces.length != ids.length) {
      throw new IllegalArgumentException(
          ("an encoding needs arrays of one length, found ids %s, typeIds %s, starts %s, ends"
                  + " %s, special %s, pieces %s")
              .formatted(
                  ids.length,
                  typeIds.length,
                  starts.length,
                  ends.length,
                  special.length,
                  pieces.length));
    }
  }

  private static Encoding empty(int length) {
    return new Encoding(
        new int[length],
        new int[length],
        new int[length],
        new int[length],
        new boolean[length],
        new int[length]);
  }

  /** Creates an added token without text. */
  static Encoding added(int id, int type) {
    return new Encoding(
        new int[] {id},
        new int[] {type},
        new int[1],
        new int[1],
        new boolean[] {true},
        new int[] {-1});
  }

  /** Concatenates encodings. */
  static Encoding concat(Encoding... parts) {
    int length = 0;
    for (Encoding part : parts) {
      length += part.length();
    }
    Encoding whole = empty(length);
    int at = 0;
    for (Encoding part : parts) {
      System.arraycopy(part.ids, 0, whole.ids, at, part.length());
      System.arraycopy(part.typeIds, 0, whole.typeIds, at, part.length());
      System.arraycopy(part.starts, 0, whole.starts, at, part.length());
      System.arraycopy(part.ends, 0, whole.ends, at, part.length());
      System.arraycopy(part.special, 0, whole.special, at, part.length());
      System.arraycopy(part.pieces, 0, whole.pieces, at, part.length());
      at += part.length();
    }
    return whole;
  }

  /** {@return the number of tokens} */
  public int length() {
    return ids.length;
  }

  /**
   * Selects tokens.
   *
   * @param places their indices, from 0
   * @return the tokens at them
   */
  public Encoding at(int... places) {
    boolean[] added = new boolean[places.length];
    for (int i = 0; i < places.length; i++) {
      added[i] = special[places[i]];
    }
    return new Encoding(
        pick(ids, places),
        pick(typeIds, places),
        pick(starts, places),
        pick(ends, places),
        added,
        pick(pieces, places));
  }

  private static int[] pick(int[] values, int[] places) {
    return Arrays.stream(places).map(place -> values[place]).toArray();
  }

  /**
   * Returns whether a token continues the piece of the token before it: they are in the same piece,
   * and no character lies between them.
   *
   * @param token its index, from 0
   * @return whether it does; false for the first token and next to added ones
   */
  public boolean continuesPiece(int token) {
    return token > 0
        && !special[token]
        && !special[token - 1]
        && pieces[token] == pieces[token - 1]
        && starts[token] <= ends[token - 1];
  }

  /** Returns the first tokens, at most {@code length}. */
  Encoding head(int length) {
    return length >= ids.length ? this : slice(0, length);
  }

  Encoding slice(int from, int to) {
    return new Encoding(
        Arrays.copyOfRange(ids, from, to),
        Arrays.copyOfRange(typeIds, from, to),
        Arrays.copyOfRange(starts, from, to),
        Arrays.copyOfRange(ends, from, to),
        Arrays.copyOfRange(special, from, to),
        Arrays.copyOfRange(pieces, from, to));
  }

  Encoding withType(int type) {
    int[] types = new int[ids.length];
    Arrays.fill(types, type);
    return new Encoding(ids, types, starts, ends, special, pieces);
  }

  /** Converts offsets in code points to offsets in UTF-16 units. */
  Encoding inUtf16Units(String text) {
    if (text.codePointCount(0, text.length()) == text.length()) {
      return this;
    }
    int[] units = new int[text.codePointCount(0, text.length()) + 1];
    for (int i = 1; i < units.length; i++) {
      units[i] = text.offsetByCodePoints(units[i - 1], 1);
    }
    int[] unitStarts = new int[ids.length];
    int[] unitEnds = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      unitStarts[i] = units[starts[i]];
      unitEnds[i] = units[ends[i]];
    }
    return new Encoding(ids, typeIds, unitStarts, unitEnds, special, pieces);
  }
}
