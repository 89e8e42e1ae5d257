package io.adapt4j.rag.document;

/**
 * A stretch of a document's text.
 *
 * @param start the first character, in Java's UTF-16 counting
 * @param end the character after the last
 */
public record Span(int start, int end) {

  /**
   * Makes a span.
   *
   * @param start the first character, in Java's UTF-16 counting
   * @param end the character after the last
   * @throws IllegalArgumentException if it begins before 0 or ends before it begins
   */
  public Span {
    if (start < 0 || end < start) {
      throw new IllegalArgumentException(
          "span: expected 0 <= start <= end, found " + start + " to " + end);
    }
  }

  /** {@return the number of characters} */
  public int length() {
    return end - start;
  }

  /**
   * Returns whether another span lies within this one.
   *
   * @param other the other
   * @return true if no character of it is outside
   */
  public boolean contains(Span other) {
    return start <= other.start && other.end <= end;
  }

  /**
   * Cuts the span out of a text.
   *
   * @param text the document's text
   * @return its characters
   */
  public String of(String text) {
    return text.substring(start, end);
  }
}
