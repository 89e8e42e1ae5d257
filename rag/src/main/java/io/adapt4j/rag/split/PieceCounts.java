package io.adapt4j.rag.split;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Token counts of pieces, without special tokens; cached, since most words of a text repeat. */
final class PieceCounts {

  private static final int MOST_KEPT = 200_000;
  private static final int LONGEST_KEPT = 40;

  private final Map<String, Integer> known = new ConcurrentHashMap<>();
  private final TokenCounter counter;
  private final int added;

  PieceCounts(TokenCounter counter) {
    this.counter = counter;
    added = counter.count("");
  }

  /** Returns whether the sum over words equals the count of the whole text. */
  boolean areExact() {
    return counter.isSumOfWords();
  }

  /**
   * Returns the tokens of a word after blanks. Words are cached apart from their many blanks, which
   * count by what they take beyond a single space.
   */
  int ofWord(String blanks, String word) {
    if (counter.isSumOfWords()) {
      return of(word);
    }
    if (blanks.isEmpty()) {
      return of(word);
    }
    return of(" " + word) + (blanks.equals(" ") ? 0 : ofBlanks(blanks));
  }

  private int ofBlanks(String blanks) {
    return Math.max(0, of("a" + blanks + "a") - of("a a"));
  }

  int added() {
    return added;
  }

  int of(String piece) {
    if (piece.length() > LONGEST_KEPT) {
      return count(piece);
    }
    Integer count = known.get(piece);
    if (count == null) {
      count = count(piece);
      if (known.size() >= MOST_KEPT) {
        known.clear();
      }
      known.put(piece, count);
    }
    return count;
  }

  /** Returns the exact count of a whole text. */
  int exactly(String text) {
    return counter.count(text);
  }

  private int count(String piece) {
    return Math.max(0, counter.count(piece) - added);
  }
}
