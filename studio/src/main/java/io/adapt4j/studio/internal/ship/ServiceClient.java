package io.adapt4j.studio.internal.ship;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
      return send(request, BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  /** Gets an address, or posts a body to it; fails with what the service says. */
  JsonNode call(String address, String key, Optional<ObjectNode> body) throws IOException {
    HttpResponse<String> response = send(request(address, key, body), BodyHandlers.ofString());
    return parsed(response.statusCode(), response.body());
  }

  private static HttpRequest request(String address, String key, Optional<ObjectNode> body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address))
            .timeout(body.isPresent() ? LONG : BRIEF)
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json");
    body.ifPresent(json -> request.POST(BodyPublishers.ofString(Json.compact(json))));
    return request.build();
  }

  private static JsonNode parsed(int status, String text) throws IOException {
    try {
      JsonNode answer = Json.parse(text);
      if (status != 200 || answer.has("error")) {
        throw new IOException(answer.path("error").path("message").asText(text));
      }
      return answer;
    } catch (JsonProcessingException e) {
      throw new IOException("the service answered with status " + status, e);
    }
  }

  /** Posts a body whose answer comes in events. */
  ObjectNode stream(String address, String key, ObjectNode body, Consumer<String> said)
      throws IOException {
    HttpResponse<Stream<String>> response =
        send(request(address, key, Optional.of(body.put("stream", true))), BodyHandlers.ofLines());
    StringBuilder text = new StringBuilder();
    ObjectNode last = body;
    try (Stream<String> lines = response.body()) {
      if (response.statusCode() != 200) {
        parsed(response.statusCode(), lines.collect(Collectors.joining("\n")));
      }
      for (String line : (Iterable<String>) lines::iterator) {
        if (line.startsWith("data: {")) {
          last = (ObjectNode) parsed(200, line.substring("data: ".length()));
          JsonNode choice = last.path("choices").path(0);
          text.append(last.path("delta").asText(""));
          text.append(choice.path("delta").path("content").asText(""));
          said.accept(text.append(choice.path("text").asText("")).toString());
        }
      }
    } catch (UncheckedIOException e) {
      throw new IOException(e.getMessage(), e);
    }
    return last.put("text", text.toString());
  }

  private <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler) throws IOException {
    try {
      return http.send(request, handler);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
