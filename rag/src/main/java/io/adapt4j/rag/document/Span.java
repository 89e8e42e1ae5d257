package io.adapt4j.rag.document;

/**
 * A range of a document's text.
 *
 * @param start index of the first character, in UTF-16 code units
 * @param end index after the last character
 */
public record Span(int start, int end) {

  /**
   * Creates a span. Throws {@link IllegalArgumentException} if the start is negative or after the
   * end.
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
   * @return true if it is entirely inside
   */
  public boolean contains(Span other) {
    return start <= other.start && other.end <= end;
  }

  /**
   * Extracts the span from a text.
   *
   * @param text the document's text
   * @return its characters
   */
  public String of(String text) {
    return text.substring(start, end);
  }
}
