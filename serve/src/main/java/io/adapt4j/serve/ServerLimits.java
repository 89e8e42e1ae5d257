package io.adapt4j.serve;

import io.adapt4j.core.internal.Texts;
import java.time.Duration;

/**
 * Limits on requests to a {@link ModelServer}. Immutable; {@code with} methods give changed copies.
 *
 * @param bodyBytes maximum size of a request's body; default 4 MiB
 * @param newTokens maximum number of tokens of an answer, also the default for conversations;
 *     default 4,096
 * @param answers maximum number of answers that are computed or waiting; default 128; a request for
 *     several choices takes as many. The same number of requests for embeddings and scores is
 *     allowed in addition
 * @param connections maximum number of requests that are read or answered at the same time; default
 *     256; further connections are closed
 * @param requestTime maximum time from the end of a request's body until its answer is cut off;
 *     default 10 minutes
 * @param closeGrace time that {@link ModelServer#close()} lets requests finish; default 30 seconds
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
   * Checks the limits. Throws {@link IllegalArgumentException} if one is below 1, or a time is
   * negative.
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

  /** {@return the default limits} */
  public static ServerLimits defaults() {
    return DEFAULTS;
  }

  /**
   * Returns a copy with another limit on the size of bodies.
   *
   * @param bytes at least 1
   * @return the copy
   */
  public ServerLimits withBodyBytes(int bytes) {
    return new ServerLimits(bytes, newTokens, answers, connections, requestTime, closeGrace);
  }

  /**
   * Returns a copy with another limit on tokens of an answer.
   *
   * @param tokens at least 1
   * @return the copy
   */
  public ServerLimits withNewTokens(int tokens) {
    return new ServerLimits(bodyBytes, tokens, answers, connections, requestTime, closeGrace);
  }

  /**
   * Returns a copy with another limit on concurrent answers.
   *
   * @param count at least 1
   * @return the copy
   */
  public ServerLimits withAnswers(int count) {
    return new ServerLimits(bodyBytes, newTokens, count, connections, requestTime, closeGrace);
  }

  /**
   * Returns a copy with another limit on concurrent requests.
   *
   * @return the copy
   */
  public ServerLimits withConnections(int count) {
    return new ServerLimits(bodyBytes, newTokens, answers, count, requestTime, closeGrace);
  }

  /**
   * Returns a copy with another time limit of a request.
   *
   * @param time above 0
   * @return the copy
   */
  public ServerLimits withRequestTime(Duration time) {
    return new ServerLimits(bodyBytes, newTokens, answers, connections, time, closeGrace);
  }

  /**
   * Returns a copy with another grace period for closing.
   *
   * @param time at least 0
   * @return the copy
   */
  public ServerLimits withCloseGrace(Duration time) {
    return new ServerLimits(bodyBytes, newTokens, answers, connections, requestTime, time);
  }
}
