package io.adapt4j.structured.internal.grammar;

import java.io.Serial;

/** A grammar that has no automaton; the message names the rule and the reason. */
public final class GrammarException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  /** Creates an exception. */
  public GrammarException(String message) {
    super(message);
  }
}
