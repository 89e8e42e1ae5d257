package io.adapt4j.jinja;

/**
 * A part of a text.
 *
 * @param start its first character, in UTF-16 units, at least 0
 * @param end the character after its last, at least {@code start}
 */
public record Span(int start, int end) {

  /**
   * Creates a span. Throws {@link IllegalArgumentException} if the end is before the start or the
   * start below 0.
   */
  public Span {
    if (start < 0 || end < start) {
      throw new IllegalArgumentException(
          "a span needs 0 <= start <= end, found " + start + " and " + end);
    }
  }
}
