package io.adapt4j.core.internal.tokenize;

import io.adapt4j.core.tokenize.Encoding;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Words of a text and their positions. */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
public record Words(String text, int[] ends) {

  /** Joins words to a text. */
  public static Words of(List<String> words) {
    int[] ends = new int[words.size()];
    int at = 0;
    for (int i = 0; i < ends.length; i++) {
      at += words.get(i).length();
      ends[i] = at++;
    }
    return new Words(String.join(" ", words), ends);
  }

  /**
   * Maps each first token of a word to the word that contains the token's last character. A space
   * before a word belongs to it if the tokenizer keeps the two together, so a token of that space
   * alone is the word's first one, as with {@code word_ids()} of Transformers.
   *
   * @return the index of the word; -1 for further tokens of a word and for tokens outside words
   */
  public int[] firstTokens(Encoding encoding) {
    int[] found = new int[encoding.length()];
    int last = -1;
    for (int i = 0; i < found.length; i++) {
      int word = encoding.special()[i] ? -1 : wordOf(encoding, i);
      found[i] = word <= last ? -1 : word;
      last = Math.max(last, word);
    }
    return found;
  }

  private int wordOf(Encoding encoding, int token) {
    int start = encoding.starts()[token];
    int end = encoding.ends()[token];
    if (end <= start) {
      return -1;
    }
    int before = text.charAt(end - 1) == ' ' ? Arrays.binarySearch(ends, end - 1) : -1;
    if (before < 0) {
      int place = Arrays.binarySearch(ends, end);
      return place >= 0 ? place : -place - 1;
    }
    if (start < end - 1) {
      return before;
    }
    boolean leads = token + 1 < encoding.length() && encoding.continuesPiece(token + 1);
    return leads ? before + 1 : -1;
  }

  /**
   * Returns the tokens that remain when a text is truncated at its end; special tokens after it
   * remain.
   */
  public static int[] within(Encoding encoding, int maxLength) {
    int length = encoding.length();
    if (length <= maxLength) {
      return IntStream.range(0, length).toArray();
    }
    int added = 0;
    while (added < length && encoding.special()[length - 1 - added]) {
      added++;
    }
    return IntStream.concat(
            IntStream.range(0, maxLength - added), IntStream.range(length - added, length))
        .toArray();
  }
}
