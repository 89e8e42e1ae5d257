package io.adapt4j.upkeep.feedback;

/**
 * Span of a text with personal data or a secret.
 *
 * @param kind the kind in upper case, such as {@code EMAIL}
 * @param start index of its first character
 * @param end index after its last character
 */
public record PersonalSpan(String kind, int start, int end) {

  /** Creates a span. Throws {@link IllegalArgumentException} if it is empty. */
  public PersonalSpan {
    if (start < 0 || end <= start) {
      throw new IllegalArgumentException(
          "span: expected a start from 0 and an end after it, found " + start + " to " + end);
    }
  }

  /** {@return the mask, such as {@code [EMAIL]}} */
  public String mask() {
    return "[" + kind + "]";
  }
}
