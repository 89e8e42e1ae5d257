package io.adapt4j.core.internal.http;

import java.io.IOException;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.Set;

/** The server is temporarily busy or broken. */
public final class RetryLaterException extends IOException {

  private static final long serialVersionUID = 1L;

  private static final Set<Integer> FOR_NOW = Set.of(408, 429, 500, 502, 503, 504);

  private final transient Optional<Duration> retryAfter;

  public RetryLaterException(String message, HttpHeaders headers) {
    super(message);
    this.retryAfter = headers.firstValue("Retry-After").flatMap(RetryLaterException::duration);
  }

  /** Returns whether the same request may succeed later. */
  public static boolean isForNow(int status) {
    return FOR_NOW.contains(status);
  }

  /** Returns the wait that the server asks for, if any. */
  Optional<Duration> retryAfter() {
    return retryAfter;
  }

  /** Parses a number of seconds, or a date. */
  private static Optional<Duration> duration(String value) {
    String text = value.strip();
    if (text.matches("\\d{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
    }
    try {
      Duration left =
          Duration.between(
              ZonedDateTime.now(ZoneOffset.UTC),
              ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME));
      return Optional.of(left.isNegative() ? Duration.ZERO : left);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
