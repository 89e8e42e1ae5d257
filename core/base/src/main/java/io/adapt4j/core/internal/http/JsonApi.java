package io.adapt4j.core.internal.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;

/** Sends JSON requests to one address, each with a time limit. */
public final class JsonApi {

  private final HttpClient http;
  private final URI endpoint;
  private final String shown;
  private final Duration timeout;
  private final BiFunction<String, Throwable, ? extends RuntimeException> failure;

  /** Creates a client for an address. */
  public JsonApi(
      URI endpoint,
      String shown,
      Duration connectTimeout,
      Duration timeout,
      BiFunction<String, Throwable, ? extends RuntimeException> failure) {
    this.http = HttpClients.of(connectTimeout);
    this.endpoint = endpoint;
    this.shown = shown;
    this.timeout = timeout;
    this.failure = failure;
  }

  /** Builds a POST request with a JSON body and an optional bearer token. */
  public HttpRequest.Builder request(JsonNode body, Optional<String> key) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(endpoint)
            .header("Content-Type", "application/json")
            .header("User-Agent", "adapt4j; java/" + Runtime.version().feature())
            .POST(HttpRequest.BodyPublishers.ofString(Json.compact(body), StandardCharsets.UTF_8));
    key.ifPresent(value -> request.header("Authorization", "Bearer " + value));
    return request;
  }

  /**
   * Sends a request with a timeout for the whole exchange; the client's own timeout ends with the
   * headers.
   */
  public <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
      throws IOException {
    CompletableFuture<HttpResponse<T>> sent = http.sendAsync(request, handler);
    try {
      return sent.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      sent.cancel(true);
      throw new HttpTimeoutException("no answer within " + timeout.toMillis() / 1000.0 + " s");
    } catch (InterruptedException e) {
      sent.cancel(true);
      throw interrupted(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw failure.apply(shown + ": " + Retries.reason(e), e);
    }
  }

  /**
   * Returns the exception for an interrupted request, and sets the thread's interrupt status again.
   */
  public IOException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return Retries.interrupted("the request to " + shown, e);
  }
}
