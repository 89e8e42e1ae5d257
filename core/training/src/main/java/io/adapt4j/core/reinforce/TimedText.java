package io.adapt4j.core.reinforce;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Text whose reader fails after a time, since a search of a regular expression can take forever.
 */
final class TimedText implements CharSequence {

  /** Maximum time of a search. */
  private static final long LIMIT = 1_000_000_000;

  private final String text;
  private final long end;
  private int reads;

  private TimedText(String text, long end) {
    this.text = text;
    this.end = end;
  }

  /** Failure of a search that takes too long. */
  private static final class TimeUpException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** Returns whether an expression is found in a text within a second. */
  static boolean isFound(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(new TimedText(text, System.nanoTime() + LIMIT));
    try {
      return matcher.find();
    } catch (TimeUpException | StackOverflowError e) {
      return false;
    }
  }

  @Override
  public char charAt(int index) {
    if ((++reads & 1023) == 0 && System.nanoTime() > end) {
      throw new TimeUpException();
    }
    return text.charAt(index);
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public CharSequence subSequence(int from, int to) {
    return text.substring(from, to);
  }

  @Override
  public String toString() {
    return text;
  }
}
