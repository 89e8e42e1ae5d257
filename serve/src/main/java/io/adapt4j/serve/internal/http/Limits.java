package io.adapt4j.serve.internal.http;

import java.time.Duration;

/** Limits on each request and on the answers computed at the same time. */
public record Limits(int bodyBytes, int newTokens, int answers, Duration requestTime) {}
