package io.adapt4j.core.text;

import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.Secrets;
import io.adapt4j.core.internal.http.Sleeper;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Settings for a server of chat completions. */
record ChatSettings(
    URI endpoint,
    String model,
    Optional<String> key,
    Duration timeout,
    Optional<Duration> streamTimeout,
    Duration connectTimeout,
    long maxAnswerBytes,
    int retries,
    int parallel,
    int perMinute,
    String limitName,
    Map<String, String> headers,
    Map<String, Object> body,
    Sleeper sleeper) {

  /** Default limit on the duration of a streamed answer, in timeouts. */
  private static final int DEFAULT_STREAM_TIMEOUTS = 15;

  private static final int SHORTEST_SECRET = 4;

  /** The address for messages, without the query, which may hold a key. */
  String shown() {
    return endpoint.toString().replaceFirst("\\?.*", "");
  }

  AnswerLimit answerLimit() {
    return new AnswerLimit(shown(), maxAnswerBytes, "OpenAiCompatible.Builder.maxAnswerBytes");
  }

  /** Maximum duration of a whole streamed answer. */
  Duration wholeStream() {
    return streamTimeout.orElseGet(() -> timeout.multipliedBy(DEFAULT_STREAM_TIMEOUTS));
  }

  /** Returns the address at which a server lists its models. */
  static String models(URI endpoint) {
    return endpoint.toString().replaceFirst("/chat/completions.*", "/models");
  }

  /** Removes the secrets that were sent to the server from its text. */
  String withoutSecrets(String text) {
    String clean = key.map(secret -> text.replace(secret, Secrets.HIDDEN)).orElse(text);
    for (String value : headers.values()) {
      clean = value.length() < SHORTEST_SECRET ? clean : clean.replace(value, Secrets.HIDDEN);
    }
    return Secrets.hideInAddresses(clean);
  }

  /** Omits the key and the headers. */
  @Override
  public String toString() {
    return "ChatSettings[" + shown() + ", " + model + "]";
  }
}
