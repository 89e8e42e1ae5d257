package io.adapt4j.structured.internal.regex;

import java.io.Serial;

/** An invalid or unsupported expression; the message states the problem and its position. */
public final class RegexException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  /** Maximum number of states of an automaton over characters. */
  static final int MOST_STATES = 20_000;

  /** Creates an exception. */
  public RegexException(String message) {
    super(message);
  }

  static RegexException tooLarge() {
    return new RegexException(
        "an automaton of more than "
            + MOST_STATES
            + " states is needed; make repetitions, lengths and lists smaller");
  }
}
