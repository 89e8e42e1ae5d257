package io.adapt4j.structured;

import io.adapt4j.structured.internal.regex.RegexParser;

/** Answers that match a regular expression as a whole. */
public final class Regex {

  private Regex() {}

  /**
   * Reads an expression in the syntax of ECMAScript, as far as it is regular: without look-around,
   * back-references and word boundaries.
   *
   * @param regex the expression
   * @return the constraint
   * @throws UnsupportedConstraintException if it is not understood or too large
   */
  public static TextConstraint of(String regex) {
    return TextConstraint.of("regex " + regex, () -> RegexParser.whole(regex));
  }
}
