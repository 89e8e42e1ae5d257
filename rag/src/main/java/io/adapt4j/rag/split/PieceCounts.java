package io.adapt4j.rag.split;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Tokens of pieces without those that are added to every text. Most words of a text come again. */
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

  /** Whether the sum over whole words is what the counter says of a text. */
  boolean areExact() {
    return counter.isSumOfWords();
  }

  /**
   * The tokens of a word after blanks. Words are known apart from their blanks, which are many:
   * what blanks take is what they take more than a space does.
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

  /** What the counter says of a whole text. */
  int exactly(String text) {
    return counter.count(text);
  }

  private int count(String piece) {
    return Math.max(0, counter.count(piece) - added);
  }
}
