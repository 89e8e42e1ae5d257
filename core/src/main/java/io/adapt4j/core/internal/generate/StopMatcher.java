package io.adapt4j.core.internal.generate;

import java.util.List;

/**
 * Finds stop strings in text that arrives in pieces.
 *
 * <p>Text that could still turn into a stop string is held back, so what {@link #push} and {@link
 * #finish} return never contains one. The stop string that is complete first wins, and of several
 * complete at the same character the longest; the outcome does not depend on where the pieces are
 * cut. Not safe for use by several threads.
 */
final class StopMatcher {
  private final List<String> stopStrings;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  StopMatcher(List<String> stopStrings) {
    this.stopStrings = List.copyOf(stopStrings);
  }

  /**
   * Takes the next piece.
   *
   * @return the text that is now certain to be output; may be empty
   */
  String push(String piece) {
    for (int i = 0; i < piece.length() && !stopped; i++) {
      held.append(piece.charAt(i));
      int match = longestMatchAtEnd();
      if (match > 0) {
        held.setLength(held.length() - match);
        stopped = true;
      }
    }
    return release(stopped ? held.length() : held.length() - undecided());
  }

  /** Whether a stop string was found; later pieces are ignored. */
  boolean stopped() {
    return stopped;
  }

  /** Returns the text held back, when no further piece will come. */
  String finish() {
    return release(held.length());
  }

  private int longestMatchAtEnd() {
    int longest = 0;
    for (String stop : stopStrings) {
      if (stop.length() > longest && endsWith(stop, stop.length())) {
        longest = stop.length();
      }
    }
    return longest;
  }

  /** Length of the longest tail that is a proper beginning of a stop string. */
  private int undecided() {
    int longest = 0;
    for (String stop : stopStrings) {
      for (int length = stop.length() - 1; length > longest; length--) {
        if (endsWith(stop, length)) {
          longest = length;
        }
      }
    }
    return longest;
  }

  private boolean endsWith(String stop, int length) {
    int start = held.length() - length;
    if (start < 0) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (held.charAt(start + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private String release(int length) {
    String text = held.substring(0, length);
    held.delete(0, length);
    return text;
  }
}
