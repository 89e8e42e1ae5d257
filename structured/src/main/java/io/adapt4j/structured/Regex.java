package io.adapt4j.structured;

import io.adapt4j.structured.internal.regex.RegexParser;

/** Constrains answers to full matches of a regular expression. */
public final class Regex {

  private Regex() {}

  /**
   * Parses an expression in the syntax of ECMAScript, as far as it is regular: without look-around,
   * back-references and word boundaries.
   *
   * @param regex the expression
   * @return the constraint
   * @throws UnsupportedConstraintException if it has a syntax error or is too large
   */
  public static TextConstraint of(String regex) {
    return TextConstraint.of("regex " + regex, () -> RegexParser.whole(regex));
  }
}
