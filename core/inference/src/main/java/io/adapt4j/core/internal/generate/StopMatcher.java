package io.adapt4j.core.internal.generate;

import java.util.List;

/**
 * Finds stop strings in streamed text.
 *
 * <p>Text that could still become part of a stop string is held back, so the results of {@link
 * #push} and {@link #finish} never contain one. The stop string that is complete first wins and, of
 * several that complete at the same character, the longest; the result does not depend on how the
 * text is split into pieces. Not thread safe.
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
   * @return the text that can be output now; may be empty
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

  /** Returns whether a stop string was found; later pieces are ignored. */
  boolean stopped() {
    return stopped;
  }

  /** Returns the text held back, after the last piece. */
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

  /** Returns the length of the longest suffix that is a proper prefix of a stop string. */
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
