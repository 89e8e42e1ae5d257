package io.adapt4j.core.generate;

import java.util.BitSet;

/** A set of token ids as a bit mask. Immutable and thread-safe, so that it can be reused. */
public final class TokenMask {

  private static final TokenMask NONE = new TokenMask(new long[0]);

  private final long[] words;
  private final int count;

  private TokenMask(long[] words) {
    this.words = words;
    int bits = 0;
    for (long word : words) {
      bits += Long.bitCount(word);
    }
    this.count = bits;
  }

  /** {@return the empty mask} */
  public static TokenMask none() {
    return NONE;
  }

  /**
   * Creates a mask.
   *
   * @param tokens the ids
   * @return their mask
   */
  public static TokenMask of(BitSet tokens) {
    return tokens.isEmpty() ? NONE : new TokenMask(tokens.toLongArray());
  }

  /**
   * Creates a mask of one token.
   *
   * @param id the token
   * @return the mask
   */
  public static TokenMask of(int id) {
    BitSet tokens = new BitSet(id + 1);
    tokens.set(id);
    return of(tokens);
  }

  /** {@return the number of tokens in the mask} */
  public int count() {
    return count;
  }

  /**
   * Returns whether a token is in the mask.
   *
   * @param id a token id, at least 0
   * @return whether it is
   */
  public boolean contains(int id) {
    int word = id >> 6;
    return word < words.length && (words[word] & (1L << id)) != 0;
  }

  /**
   * Finds the next token, to iterate over all of them.
   *
   * @param from the lowest id to return
   * @return the lowest id in the mask at or above {@code from}, or -1
   */
  public int next(int from) {
    int word = from >> 6;
    if (word >= words.length) {
      return -1;
    }
    long bits = words[word] & (-1L << from);
    while (bits == 0) {
      if (++word == words.length) {
        return -1;
      }
      bits = words[word];
    }
    return (word << 6) + Long.numberOfTrailingZeros(bits);
  }

  /**
   * Overwrites the values of all other tokens.
   *
   * @param values values by token id
   * @param other the value of the tokens that are not in the mask
   */
  public void fillOthers(float[] values, float other) {
    for (int from = 0; from < values.length; from += Long.SIZE) {
      int word = from >> 6;
      long bits = word < words.length ? words[word] : 0;
      if (bits == -1L) {
        continue;
      }
      int to = Math.min(values.length, from + Long.SIZE);
      for (int id = from; id < to; id++) {
        if ((bits & (1L << id)) == 0) {
          values[id] = other;
        }
      }
    }
  }

  /** Masks of the same tokens are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof TokenMask mask
        && BitSet.valueOf(words).equals(BitSet.valueOf(mask.words));
  }

  @Override
  public int hashCode() {
    return BitSet.valueOf(words).hashCode();
  }

  @Override
  public String toString() {
    return BitSet.valueOf(words).toString();
  }
}
