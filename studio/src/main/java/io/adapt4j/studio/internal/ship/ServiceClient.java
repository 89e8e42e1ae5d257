package io.adapt4j.studio.internal.ship;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;

/** Client of services on this machine. */
public final class ServiceClient {

  private static final Duration BRIEF = Duration.ofMillis(800);
  private static final Duration LONG = Duration.ofMinutes(10);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(BRIEF).build();

  /** Returns whether a service takes requests. */
  boolean isHealthy(String address) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(address + "/health")).timeout(BRIEF).build();
      return send(request).statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  /** Gets an address, or posts a body to it; fails with what the service says. */
  JsonNode call(String address, String key, Optional<ObjectNode> body) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address))
            .timeout(body.isPresent() ? LONG : BRIEF)
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json");
    body.ifPresent(json -> request.POST(BodyPublishers.ofString(Json.compact(json))));
    HttpResponse<String> response = send(request.build());
    try {
      JsonNode answer = Json.parse(response.body());
      if (response.statusCode() != 200) {
        throw new IOException(answer.path("error").path("message").asText(response.body()));
      }
      return answer;
    } catch (JsonProcessingException e) {
      throw new IOException("the service answered with status " + response.statusCode(), e);
    }
  }

  private HttpResponse<String> send(HttpRequest request) throws IOException {
    try {
      return http.send(request, BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
