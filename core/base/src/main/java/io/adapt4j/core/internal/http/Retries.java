package io.adapt4j.core.internal.http;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.time.Duration;
import java.util.function.Consumer;
import javax.net.ssl.SSLHandshakeException;

/**
 * Retries temporary failures: after 1 s, 2 s, 4 s and so on up to 30 s, or after the time in the
 * server's {@code Retry-After}.
 */
public record Retries(int most, Sleeper sleeper, Consumer<String> notices) {

  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  /**
   * Maximum wait a server can ask for. Servers count requests in windows of minutes; a longer wait
   * is the user's decision.
   */
  private static final Duration LONGEST_ASKED = Duration.ofMinutes(5);

  /** An attempt that may fail temporarily. */
  @FunctionalInterface
  public interface Attempt<T> {

    /** Tries once. */
    T run() throws IOException;
  }

  /** Runs until an attempt succeeds, the retries are used up, or a failure is permanent. */
  public <T> T call(String what, Attempt<T> attempt) throws IOException {
    for (int failures = 1; ; failures++) {
      try {
        return attempt.run();
      } catch (IOException e) {
        pause(what, e, failures);
      }
    }
  }

  /**
   * Like {@link #call}, but gives up at once if no connection can be made, so that a machine
   * without a network need not wait.
   */
  public <T> T callIfReachable(String what, Attempt<T> attempt) throws IOException {
    for (int failures = 1; ; failures++) {
      try {
        return attempt.run();
      } catch (ConnectException | HttpConnectTimeoutException e) {
        throw e;
      } catch (IOException e) {
        pause(what, e, failures);
      }
    }
  }

  /** Waits before the next attempt. */
  public void pause(String what, IOException failure, int failures) throws IOException {
    if (failures > most
        || failure instanceof SSLHandshakeException
        || failure instanceof AnswerLimitException
        || failure instanceof InterruptedIOException) {
      throw failure;
    }
    Duration delay = delay(failure, failures);
    notices.accept(
        "%s: %s; trying again in %s s (%s of %s)"
            .formatted(what, reason(failure), delay.toMillis() / 1000.0, failures, most));
    try {
      sleeper.sleep(delay);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(what, e);
    }
  }

  private static Duration delay(IOException failure, int failures) throws IOException {
    if (failure instanceof RetryLaterException later && later.retryAfter().isPresent()) {
      Duration asked = later.retryAfter().get();
      if (asked.compareTo(LONGEST_ASKED) > 0) {
        throw failure;
      }
      return asked;
    }
    Duration doubled = FIRST.multipliedBy(1L << Math.min(failures - 1, 10));
    return doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST;
  }

  /** Creates the exception for a thread interrupted while waiting. */
  public static InterruptedIOException interrupted(String what, InterruptedException cause) {
    InterruptedIOException e = new InterruptedIOException(what + " was interrupted");
    e.initCause(cause);
    return e;
  }

  /** Returns the message of an exception or of its first cause that has one. */
  public static String reason(Throwable failure) {
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at.getMessage() != null && !at.getMessage().isBlank()) {
        return at.getMessage();
      }
    }
    return failure instanceof ConnectException
        ? "no connection (unknown host or connection refused)"
        : failure.getClass().getSimpleName();
  }
}
