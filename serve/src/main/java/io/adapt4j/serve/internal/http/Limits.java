package io.adapt4j.serve.internal.http;

import java.time.Duration;

/** Limits on each request and on the answers computed at the same time. */
public record Limits(int bodyBytes, int newTokens, int answers, Duration requestTime) {

  /** Returns a copy with another limit on the size of bodies. */
  public Limits withBodyBytes(int bytes) {
    return new Limits(bytes, newTokens, answers, requestTime);
  }
}
