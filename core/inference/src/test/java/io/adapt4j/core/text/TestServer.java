package io.adapt4j.core.text;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server of chat completions over real HTTP, whose answers are given one a request. */
final class TestServer implements AutoCloseable {

  /** One answer. */
  @FunctionalInterface
  interface Reply {
    void send(HttpExchange exchange, String body) throws IOException;
  }

  record Request(String path, Map<String, List<String>> headers, String body) {}

  final List<Request> requests = new CopyOnWriteArrayList<>();
  final List<Duration> waits = new CopyOnWriteArrayList<>();
  private final Deque<Reply> replies = new ArrayDeque<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private Reply usual = json(200, completion("fine", "stop"));

  TestServer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::serve);
    server.setExecutor(threads);
    server.start();
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** A client that does not really wait between attempts. */
  OpenAiCompatible.Builder client() {
    return OpenAiCompatible.at(address()).model("small").sleeper(waits::add);
  }

  synchronized TestServer reply(Reply... next) {
    replies.addAll(List.of(next));
    return this;
  }

  synchronized void always(Reply reply) {
    usual = reply;
  }

  static Reply json(int status, String body, String... headers) {
    return (exchange, request) -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    };
  }

  /** Events as they are, then the end of the connection. */
  static Reply events(String text) {
    return (exchange, request) -> {
      exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
    };
  }

  static String completion(String text, String reason) {
    return """
    {"id": "1", "object": "chat.completion", "model": "small",
     "choices": [{"index": 0, "finish_reason": "%s",
       "message": {"role": "assistant", "content": "%s"}}],
     "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}}
    """
        .formatted(reason, text);
  }

  static String piece(String text) {
    return "data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \""
        + text
        + "\"}, \"finish_reason\": null}]}\n\n";
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Reply reply;
      synchronized (this) {
        requests.add(
            new Request(
                exchange.getRequestURI().toString(),
                Map.copyOf(exchange.getRequestHeaders()),
                body));
        reply = replies.isEmpty() ? usual : replies.poll();
      }
      reply.send(exchange, body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
