package io.adapt4j.tools.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.AnswerLimitException;
import io.adapt4j.core.internal.http.BoundedLines;
import io.adapt4j.core.internal.http.HttpClients;
import io.adapt4j.tools.internal.rpc.Rpc;
import io.adapt4j.tools.mcp.McpException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A server behind Streamable HTTP: each message is a separate request, answered with a JSON object
 * or with events. Redirects are not followed, since the headers may be secrets.
 */
final class HttpTransport implements Transport {

  private static final Pattern SESSION = Pattern.compile("[\\x21-\\x7e]{1,1024}");
  private static final int ERROR_BYTES = 1 << 16;
  private static final Duration LAST = Duration.ofSeconds(1);

  private final Server server;
  private final URI url;
  private final Map<String, String> headers;
  private final int messageBytes;
  private final HttpClient http;
  private final ExecutorService threads;
  private final Map<Long, Exchange> open = new ConcurrentHashMap<>();
  private final AtomicLong keys = new AtomicLong();
  private volatile @Nullable Listener listener;
  private volatile @Nullable String session;
  private volatile @Nullable String version;
  private volatile boolean closed;

  HttpTransport(
      Server server,
      URI url,
      Map<String, String> headers,
      int messageBytes,
      Duration connectTimeout) {
    this.server = server;
    this.url = url;
    this.headers = Map.copyOf(headers);
    this.messageBytes = messageBytes;
    this.http = HttpClients.of(connectTimeout);
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "adapt4j-mcp-" + server.name());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** A request in progress; closing it ends a read that blocks. */
  private static final class Exchange {

    private final long id;
    private @Nullable CompletableFuture<HttpResponse<InputStream>> sent;
    private @Nullable InputStream body;
    private boolean abandoned;

    Exchange(long id) {
      this.id = id;
    }

    synchronized void sent(CompletableFuture<HttpResponse<InputStream>> future) {
      sent = future;
      if (abandoned) {
        future.cancel(true);
      }
    }

    synchronized void reads(InputStream stream) throws IOException {
      body = stream;
      if (abandoned) {
        stream.close();
      }
    }

    void abandon() {
      CompletableFuture<?> future;
      InputStream stream;
      synchronized (this) {
        abandoned = true;
        future = sent;
        stream = body;
      }
      if (future != null) {
        future.cancel(true);
      }
      if (stream != null) {
        try {
          stream.close();
        } catch (IOException e) {
          // Nobody waits for it.
        }
      }
    }
  }

  @Override
  public void start(Listener to) {
    listener = to;
  }

  private HttpRequest.Builder request() {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url)
            .header("User-Agent", "adapt4j")
            .header("Accept", "application/json, text/event-stream");
    headers.forEach(request::setHeader);
    String named = session;
    if (named != null) {
      request.setHeader(Rpc.SESSION_HEADER, named);
    }
    String spoken = version;
    if (spoken != null) {
      request.setHeader(Rpc.VERSION_HEADER, spoken);
    }
    return request;
  }

  @Override
  public Future<?> send(ObjectNode message, long id) {
    return exchange(
        id,
        request()
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(Json.compact(message), StandardCharsets.UTF_8))
            .build());
  }

  private Future<?> exchange(long id, HttpRequest request) {
    long key = id == NO_ID ? -keys.incrementAndGet() : id;
    Exchange exchange = new Exchange(id);
    if (closed) {
      return CompletableFuture.completedFuture(null);
    }
    open.put(key, exchange);
    CompletableFuture<HttpResponse<InputStream>> sent =
        http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
    exchange.sent(sent);
    return sent.handleAsync(
        (response, failure) -> {
          try {
            answered(exchange, request, response, failure);
          } finally {
            open.remove(key);
          }
          return true;
        },
        threads);
  }

  private void answered(
      Exchange exchange,
      HttpRequest request,
      @Nullable HttpResponse<InputStream> response,
      @Nullable Throwable failure) {
    Listener to = listener;
    if (to == null || closed) {
      return;
    }
    try {
      if (response == null) {
        throw server.failure(
            Kind.UNAVAILABLE, "it cannot be reached; check its url and that it runs", failure);
      }
      try (InputStream body = response.body()) {
        exchange.reads(body);
        read(exchange, request, response, body, to);
      }
      to.failed(
          exchange.id, server.failure(Kind.PROTOCOL, "its answer has no response to the request"));
    } catch (AnswerLimitException e) {
      to.failed(exchange.id, server.failure(Kind.LIMIT, server.shown(e.getMessage()), e));
    } catch (IOException e) {
      to.failed(
          exchange.id,
          server.failure(Kind.UNAVAILABLE, "the connection broke during an answer", e));
    } catch (ExpiredException e) {
      to.failed(exchange.id, e);
      to.ended(server.failure(Kind.UNAVAILABLE, "its session has ended"));
    } catch (McpException e) {
      to.failed(exchange.id, e);
    }
  }

  private void read(
      Exchange exchange,
      HttpRequest request,
      HttpResponse<InputStream> response,
      InputStream body,
      Listener to)
      throws IOException {
    int status = response.statusCode();
    boolean isListening = request.method().equals("GET");
    if (status / 100 != 2) {
      if (exchange.id != NO_ID) {
        throw refused(status, request, body);
      }
      return;
    }
    keepSession(response);
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (type.toLowerCase(Locale.ROOT).startsWith("text/event-stream")) {
      readEvents(exchange, body, to);
    } else if (!isListening && exchange.id != NO_ID) {
      byte[] bytes = body.readNBytes(messageBytes + 1);
      if (bytes.length > messageBytes) {
        throw server.failure(
            Kind.LIMIT,
            "its answer is longer than %,d bytes; if that is expected, raise messageBytes"
                .formatted(messageBytes));
      }
      receive(new String(bytes, StandardCharsets.UTF_8), to);
    }
  }

  private RuntimeException refused(int status, HttpRequest request, InputStream body)
      throws IOException {
    if (status == 404 && request.headers().firstValue(Rpc.SESSION_HEADER).isPresent()) {
      return new ExpiredException();
    }
    String advice =
        switch (status) {
          case 401, 403 -> "; check the headers that identify you";
          case 301, 302, 303, 307, 308 -> "; give the address that it redirects to as the url";
          default -> "; check the url";
        };
    String text = new String(body.readNBytes(ERROR_BYTES), StandardCharsets.UTF_8);
    String said =
        Rpc.parse(text).map(json -> json.path("error").path("message").asText()).orElse("");
    return server.failure(
        Kind.REFUSED,
        "it answered with HTTP %d%s%s"
            .formatted(status, said.isEmpty() ? "" : ": " + server.shown(said), advice));
  }

  private void keepSession(HttpResponse<?> response) {
    Optional<String> named = response.headers().firstValue(Rpc.SESSION_HEADER);
    if (session != null || named.isEmpty()) {
      return;
    }
    if (!SESSION.matcher(named.get()).matches()) {
      throw server.failure(Kind.PROTOCOL, "its session id has other than visible ASCII characters");
    }
    session = named.get();
  }

  private void readEvents(Exchange exchange, InputStream body, Listener to) throws IOException {
    // The reader of lines allows an eighth of what an answer may have.
    BoundedLines lines =
        new AnswerLimit("its answer", 8L * messageBytes, "messageBytes").lines(body);
    StringBuilder data = new StringBuilder();
    for (String line = lines.next(); line != null; line = lines.next()) {
      if (line.startsWith("data:")) {
        data.append(line.substring(line.startsWith("data: ") ? 6 : 5)).append('\n');
        if (data.length() > messageBytes) {
          throw server.failure(
              Kind.LIMIT,
              "an event is longer than %,d bytes; if that is expected, raise messageBytes"
                  .formatted(messageBytes));
        }
      } else if (line.isEmpty() && !data.isEmpty()) {
        String event = data.toString();
        data.setLength(0);
        if (!event.isBlank() && isAnswer(receive(event, to), exchange.id)) {
          return;
        }
      }
    }
  }

  private static boolean isAnswer(JsonNode message, long id) {
    return id != NO_ID && !message.has("method") && message.path("id").asLong() == id;
  }

  private JsonNode receive(String text, Listener to) {
    ObjectNode message =
        Rpc.parse(text)
            .orElseThrow(
                () ->
                    server.failure(
                        Kind.PROTOCOL,
                        "expected a message of MCP, found '%s'; check the url"
                            .formatted(server.shown(text))));
    to.received(message);
    return message;
  }

  @Override
  public void abandon(long id) {
    Exchange exchange = open.remove(id);
    if (exchange != null) {
      exchange.abandon();
    }
  }

  /** From now on each request names the version; a server that notifies is listened to. */
  @Override
  public void speaks(String spoken, boolean notifies) {
    version = spoken;
    if (notifies) {
      var unused =
          exchange(NO_ID, request().setHeader("Accept", "text/event-stream").GET().build());
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    open.values().forEach(Exchange::abandon);
    if (session != null) {
      CompletableFuture<HttpResponse<Void>> sent =
          http.sendAsync(request().DELETE().build(), HttpResponse.BodyHandlers.discarding());
      try {
        sent.get(LAST.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException | ExecutionException e) {
        // The server ends the session by itself.
        sent.cancel(true);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    threads.shutdown();
  }
}
