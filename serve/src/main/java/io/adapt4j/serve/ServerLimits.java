package io.adapt4j.serve;

import io.adapt4j.core.internal.Texts;
import java.time.Duration;

/**
 * What requests to a {@link ModelServer} may take. Immutable; {@code with} methods give changed
 * copies.
 *
 * @param bodyBytes the size of a request's body, 4 MiB unless set
 * @param newTokens the tokens of an answer, 4,096 unless set: what a request may ask for, and what
 *     a conversation gets that does not say
 * @param answers the answers that are computed or wait at the same time, 128 unless set; a request
 *     for several choices takes as many. Beside them as many requests for embeddings and scores
 * @param connections the requests that are read or answered at the same time, 256 unless set; a
 *     connection beyond is closed
 * @param requestTime the time from the end of a request's body until its answer ends with what
 *     there is, 10 minutes unless set
 * @param closeGrace the time that {@link ModelServer#close()} lets requests finish in, 30 seconds
 *     unless set
 */
public record ServerLimits(
    int bodyBytes,
    int newTokens,
    int answers,
    int connections,
    Duration requestTime,
    Duration closeGrace) {

  private static final ServerLimits DEFAULTS =
      new ServerLimits(4 << 20, 4_096, 128, 256, Duration.ofMinutes(10), Duration.ofSeconds(30));

  /**
   * Creates limits.
   *
   * @param bodyBytes the size of a request's body, 4 MiB unless set
   * @param newTokens the tokens of an answer, 4,096 unless set: what a request may ask for, and
   *     what a conversation gets that does not say
   * @param answers the answers that are computed or wait at the same time, 128 unless set; a
   *     request for several choices takes as many. Beside them as many requests for embeddings and
   *     scores
   * @param connections the requests that are read or answered at the same time, 256 unless set; a
   *     connection beyond is closed
   * @param requestTime the time from the end of a request's body until its answer ends with what
   *     there is, 10 minutes unless set
   * @param closeGrace the time that {@link ModelServer#close()} lets requests finish in, 30 seconds
   *     unless set
   * @throws IllegalArgumentException if one is below 1, or a time is negative
   */
  public ServerLimits {
    Texts.require("requestTime", requestTime);
    Texts.require("closeGrace", closeGrace);
    requirePositive("bodyBytes", bodyBytes);
    requirePositive("newTokens", newTokens);
    requirePositive("answers", answers);
    requirePositive("connections", connections);
    if (requestTime.isNegative() || requestTime.isZero()) {
      throw new IllegalArgumentException(
          "requestTime: expected a time above 0, found " + requestTime);
    }
    if (closeGrace.isNegative()) {
      throw new IllegalArgumentException(
          "closeGrace: expected a time of at least 0, found " + closeGrace);
    }
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": expected at least 1, found " + value);
    }
  }

  /** {@return the limits where nothing is set} */
  public static ServerLimits defaults() {
    return DEFAULTS;
  }

  /**
   * Returns a copy with another limit on bodies.
   *
   * @param bytes at least 1
   * @return the copy
   */
  public ServerLimits withBodyBytes(int bytes) {
    return new ServerLimits(bytes, newTokens, answers, connections, requestTime, closeGrace);
  }

  /**
   * Returns a copy with another limit on answers' tokens.
   *
   * @param tokens at least 1
   * @return the copy
   */
  public ServerLimits withNewTokens(int tokens) {
    return new ServerLimits(bodyBytes, tokens, answers, connections, requestTime, closeGrace);
  }

  /**
   * Returns a copy with another limit on the answers at the same time.
   *
   * @param count at least 1
   * @return the copy
   */
  public ServerLimits withAnswers(int count) {
    return new ServerLimits(bodyBytes, newTokens, count, connections, requestTime, closeGrace);
  }

  /**
   * Returns a copy with another limit on the requests at the same time.
   *
   * @param count at least 1
   * @return the copy
   */
  public ServerLimits withConnections(int count) {
    return new ServerLimits(bodyBytes, newTokens, answers, count, requestTime, closeGrace);
  }

  /**
   * Returns a copy with another limit on the time of a request.
   *
   * @param time above 0
   * @return the copy
   */
  public ServerLimits withRequestTime(Duration time) {
    return new ServerLimits(bodyBytes, newTokens, answers, connections, time, closeGrace);
  }

  /**
   * Returns a copy with another time for requests to finish in.
   *
   * @param time at least 0
   * @return the copy
   */
  public ServerLimits withCloseGrace(Duration time) {
    return new ServerLimits(bodyBytes, newTokens, answers, connections, requestTime, time);
  }
}
