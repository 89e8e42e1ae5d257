package io.adapt4j.structured;

import io.adapt4j.structured.internal.ebnf.GrammarParser;

/**
 * Constrains answers to a context-free grammar, written like llama.cpp's GBNF:
 *
 * <pre>{@code
 * root   ::= sum "\n"              # the rule named root is the answer
 * sum    ::= term (("+" | "-") term)*
 * term   ::= [0-9]{1,3} | "(" sum ")" | /x_[a-z]+/
 * }</pre>
 *
 * <p>Literals have the escapes of JSON and {@code \x41}; classes, {@code .} (any character) and
 * expressions between slashes are those of {@link Regex}. {@code ?}, {@code *}, {@code +} and
 * {@code {2,5}} repeat. A rule may contain itself, but not begin with itself.
 */
public final class Grammar {

  private Grammar() {}

  /**
   * Parses a grammar.
   *
   * @param grammar its rules
   * @return the constraint
   * @throws UnsupportedConstraintException if it has a syntax error, a rule begins with itself, no
   *     text matches it, or it is too large
   */
  public static TextConstraint parse(String grammar) {
    return TextConstraint.of("grammar " + grammar, () -> GrammarParser.parse(grammar));
  }
}
