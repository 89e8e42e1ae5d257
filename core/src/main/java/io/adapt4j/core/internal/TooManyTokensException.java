package io.adapt4j.core.internal;

/** Thrown for a text that has more tokens than its reader takes, before all of it is encoded. */
public final class TooManyTokensException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** How many tokens the text has at least. */
  private final int leastTokens;

  /** Creates an exception. */
  public TooManyTokensException(int leastTokens, int limit) {
    super(
        "the text has at least %d tokens, more than the %d that may be read. Shorten it."
            .formatted(leastTokens, limit));
    this.leastTokens = leastTokens;
  }

  /** {@return how many tokens the text has at least: encoding ended where they were too many} */
  public int leastTokens() {
    return leastTokens;
  }
}
