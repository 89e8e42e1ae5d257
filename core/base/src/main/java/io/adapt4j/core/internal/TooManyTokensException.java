package io.adapt4j.core.internal;

/** Thrown for a text with more tokens than the limit, before all of it is encoded. */
public final class TooManyTokensException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** Lower bound on the text's token count. */
  private final int leastTokens;

  public TooManyTokensException(int leastTokens, int limit) {
    super(
        "the text has at least %d tokens, more than the %d that may be read. Shorten it."
            .formatted(leastTokens, limit));
    this.leastTokens = leastTokens;
  }

  /**
   * {@return a lower bound on the text's token count; encoding stopped once the limit was exceeded}
   */
  public int leastTokens() {
    return leastTokens;
  }
}
