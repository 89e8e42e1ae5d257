package io.adapt4j.tools.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.internal.Json;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.mcp.McpException.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Servers over HTTP that answer as they may, or as they may not. */
@Timeout(60)
class HttpServerTest {

  private static final String JSON = "application/json";
  private static final String EVENTS = "text/event-stream";

  private final List<String> seen = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer http;

  /** Answers a call of a tool; everything else is answered well. */
  private interface Answer {
    void to(HttpExchange exchange, JsonNode message) throws IOException;
  }

  private McpClient.Builder server(Answer call) throws IOException {
    HostileServer well = new HostileServer("none");
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(threads);
    http.createContext(
        "/mcp",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          JsonNode message =
              Json.parse(body.length == 0 ? "{}" : new String(body, StandardCharsets.UTF_8));
          String method = message.path("method").asText(exchange.getRequestMethod());
          seen.add(
              method
                  + " "
                  + exchange.getRequestHeaders().getFirst("Mcp-Session-Id")
                  + " "
                  + exchange.getRequestHeaders().getFirst("MCP-Protocol-Version"));
          if (method.equals("tools/call")) {
            call.to(exchange, message);
          } else if (method.equals("GET")) {
            send(exchange, 405, JSON, "");
          } else {
            exchange.getResponseHeaders().set("Mcp-Session-Id", "s" + seen.size());
            String answer = well.answer(message);
            send(exchange, answer.isEmpty() ? 202 : 200, JSON, answer);
          }
          exchange.close();
        });
    http.start();
    return McpClient.url(
            "web", URI.create("http://127.0.0.1:" + http.getAddress().getPort() + "/mcp"))
        .header("Authorization", "Bearer secret-value");
  }

  private static void send(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static String done(JsonNode message) {
    return new HostileServer("none").answer(message);
  }

  /** Waits for a message that nothing else waits for; the test's time limit ends it. */
  private void awaitSeen(String beginning) {
    while (seen.stream().noneMatch(line -> line.startsWith(beginning))) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  @AfterEach
  void stop() {
    if (http != null) {
      http.stop(0);
    }
  }

  @AfterEach
  void end() {
    threads.shutdownNow();
  }

  private McpException failure(Answer answer) throws IOException {
    return failure(answer, () -> {});
  }

  private McpException failure(Answer answer, Runnable beforeClosing) throws IOException {
    McpException[] found = new McpException[1];
    try (McpClient client = server(answer).timeout(Duration.ofSeconds(5)).connect()) {
      assertThatThrownBy(() -> client.call("act", Map.of()))
          .isInstanceOfSatisfying(McpException.class, e -> found[0] = e)
          .hasMessageStartingWith("MCP server 'web': ")
          .message()
          .hasSizeLessThan(700)
          .doesNotContain("secret-value");
      beforeClosing.run();
    }
    return found[0];
  }

  @Test
  void sessionAndVersionAreSaidInEachRequest() throws IOException {
    try (McpClient client =
        server((exchange, message) -> send(exchange, 200, JSON, done(message))).connect()) {
      assertThat(client.tools()).extracting(Tool::name).containsExactly("act");
      assertThat(client.call("act", Map.of("a", 1))).isEqualTo("done");
      awaitSeen("GET ");
    }
    awaitSeen("DELETE ");
    assertThat(seen)
        .startsWith("initialize null null")
        .contains("GET s1 2025-06-18", "notifications/initialized s1 2025-06-18")
        .contains("tools/list s1 2025-06-18", "tools/call s1 2025-06-18")
        .endsWith("DELETE s1 2025-06-18");
  }

  @Test
  void anAnswerMayBeEventsAmongOthers() throws IOException {
    Answer events =
        (exchange, message) -> {
          String text =
              ": comment\r\nid: 1\r\ndata:\r\n\r\nevent: message\r\ndata: {\"jsonrpc\":\"2.0\",\r\n"
                  + "data: \"method\":\"notifications/progress\"}\r\n\r\n"
                  + "data: {\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"roots/list\"}\n\n"
                  + "data: "
                  + done(message)
                  + "\n\n";
          exchange.getResponseHeaders().set("Content-Type", EVENTS);
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
        };
    try (McpClient client = server(events).connect()) {
      assertThat(client.call("act", Map.of())).isEqualTo("done");
    }
  }

  @Test
  void aSessionThatHasEndedBeginsAnew() throws IOException {
    Answer once =
        (exchange, message) -> {
          boolean first = seen.stream().filter(line -> line.startsWith("tools/call")).count() == 1;
          send(exchange, first ? 404 : 200, JSON, first ? "gone" : done(message));
        };
    try (McpClient client = server(once).connect()) {
      assertThat(client.call("act", Map.of())).isEqualTo("done");
      assertThat(seen).filteredOn(line -> line.startsWith("initialize")).hasSize(2);
    }
  }

  @Test
  void refusalsSayWhatToCheck() throws IOException {
    McpException refused =
        failure((exchange, message) -> send(exchange, 401, JSON, "secret-value is wrong"));
    assertThat(refused).hasMessageContaining("HTTP 401; check the headers");
    assertThat(refused.kind()).isEqualTo(Kind.REFUSED);
    stop();
    assertThat(
            failure(
                (exchange, message) ->
                    send(
                        exchange,
                        400,
                        JSON,
                        "{\"jsonrpc\":\"2.0\",\"error\":{\"message\":\"no secret-value\"}}")))
        .hasMessageContaining("HTTP 400: no (hidden)");
  }

  @Test
  void redirectsAreNotFollowed() throws IOException {
    Answer elsewhere =
        (exchange, message) -> {
          exchange.getResponseHeaders().set("Location", "/mcp2");
          send(exchange, 307, JSON, "");
        };
    assertThat(failure(elsewhere)).hasMessageContaining("HTTP 307; give the address");
  }

  @Test
  void answersBeyondTheLimitsAreNotRead() throws IOException {
    String much = "x".repeat(HostileServer.MORE_THAN_A_MESSAGE);
    assertThat(failure((exchange, message) -> send(exchange, 200, JSON, much)).kind())
        .isEqualTo(Kind.LIMIT);
    stop();
    assertThat(failure((exchange, message) -> send(exchange, 200, EVENTS, "data: " + much)).kind())
        .isEqualTo(Kind.LIMIT);
    stop();
    String lines = ("data: " + "x".repeat(1 << 20) + "\n").repeat(5);
    assertThat(failure((exchange, message) -> send(exchange, 200, EVENTS, lines)).kind())
        .isEqualTo(Kind.LIMIT);
  }

  @Test
  void otherAnswersAreNoMessages() throws IOException {
    assertThat(failure((exchange, message) -> send(exchange, 200, "text/html", "<p>Welcome</p>")))
        .hasMessageContaining("'<p>Welcome</p>'");
    stop();
    assertThat(failure((exchange, message) -> send(exchange, 200, EVENTS, ": nothing\n\n")).kind())
        .isEqualTo(Kind.PROTOCOL);
  }

  @Test
  void anEventStreamThatDoesNotEndIsGivenUpAndTheRequestCanceled() throws IOException {
    Answer forever =
        (exchange, message) -> {
          exchange.getResponseHeaders().set("Content-Type", EVENTS);
          exchange.sendResponseHeaders(200, 0);
          try {
            while (true) {
              exchange.getResponseBody().write(": wait\n\n".getBytes(StandardCharsets.UTF_8));
              exchange.getResponseBody().flush();
              Thread.sleep(20);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    McpException failure = failure(forever, () -> awaitSeen("notifications/cancelled "));
    assertThat(failure.kind()).isEqualTo(Kind.TIMEOUT);
  }

  @Test
  void settingsThatCannotBeSentAreRefusedWithoutTheirValue() {
    McpClient.Builder builder = McpClient.url("web", URI.create("http://127.0.0.1:1/mcp"));
    assertThatThrownBy(() -> builder.header("Authorization", "Bearer secret\nvalue"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("headers: expected visible characters of ASCII as the value of Authorization");
    assertThatThrownBy(() -> McpClient.url("web", URI.create("https://me:secret@example.org/")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("secret");
    assertThatThrownBy(builder::connect)
        .isInstanceOfSatisfying(
            McpException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE));
  }
}
