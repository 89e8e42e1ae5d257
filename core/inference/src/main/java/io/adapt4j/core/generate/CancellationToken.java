package io.adapt4j.core.generate;

/**
 * Stops a running generation, from any thread.
 *
 * <p>The generation ends before its next token with {@link FinishReason#CANCELLED} and returns what
 * it has produced so far. A cancelled token stays cancelled; use a new one for the next generation.
 */
public final class CancellationToken {
  private volatile boolean cancelled;

  /** Creates a token that is not cancelled. */
  public CancellationToken() {}

  /** Requests cancellation; further calls have no effect. */
  public void cancel() {
    cancelled = true;
  }

  /**
   * Returns whether cancellation was requested.
   *
   * @return true after {@link #cancel()}
   */
  public boolean isCancelled() {
    return cancelled;
  }
}
