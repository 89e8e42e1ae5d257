package io.adapt4j.tools.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.tools.internal.rpc.Rpc;
import io.adapt4j.tools.mcp.McpException.Kind;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Requests to a server and their answers, over a transport. Thread-safe. */
final class Connection implements Transport.Listener, AutoCloseable {

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** Longest wait for a notification that a request is canceled. */
  private static final Duration LAST = Duration.ofSeconds(1);

  private final Server server;
  private final Transport transport;
  private final Runnable onListChanged;
  private final Map<Long, CompletableFuture<ObjectNode>> waiting = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong(Transport.NO_ID);
  private volatile @Nullable RuntimeException end;

  private Connection(Server server, Transport transport, Runnable onListChanged) {
    this.server = server;
    this.transport = transport;
    this.onListChanged = onListChanged;
  }

  /** Connects and agrees on a version. */
  static Connection open(
      Server server, Transport transport, Runnable onListChanged, Duration time, String version) {
    Connection connection = new Connection(server, transport, onListChanged);
    try {
      transport.start(connection);
      connection.initialize(time, version);
      return connection;
    } catch (RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private void initialize(Duration time, String version) {
    ObjectNode params = NODES.objectNode().put("protocolVersion", Rpc.VERSIONS.get(0));
    params.putObject("capabilities");
    params.putObject("clientInfo").put("name", "adapt4j").put("version", version);
    JsonNode result = request(Rpc.INITIALIZE, params, time);
    String spoken = result.path("protocolVersion").asText();
    if (!Rpc.VERSIONS.contains(spoken)) {
      throw server.failure(
          Kind.PROTOCOL,
          "expected a protocol version among %s, found '%s'"
              .formatted(Rpc.VERSIONS, server.shown(spoken)));
    }
    JsonNode tools = result.path("capabilities").path("tools");
    if (!tools.isObject()) {
      throw server.failure(Kind.PROTOCOL, "it has no tools");
    }
    transport.speaks(spoken, tools.path("listChanged").asBoolean());
    notify(Rpc.INITIALIZED, NODES.objectNode(), time);
  }

  boolean isOpen() {
    return end == null;
  }

  /** Sends a request and waits for its result. */
  JsonNode request(String method, ObjectNode params, Duration time) {
    long id = ids.incrementAndGet();
    CompletableFuture<ObjectNode> answer = new CompletableFuture<>();
    waiting.put(id, answer);
    try {
      RuntimeException ended = end;
      if (ended != null) {
        throw ended;
      }
      var unused = transport.send(Rpc.request(id, method, params), id);
      return result(method, answer.get(time.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      cancel(id, method);
      throw server.failure(
          Kind.TIMEOUT,
          "no answer to %s within %s s; check the server, or raise the timeout"
              .formatted(method, time.toMillis() / 1000.0),
          e);
    } catch (InterruptedException e) {
      cancel(id, method);
      Thread.currentThread().interrupt();
      throw server.failure(Kind.TIMEOUT, "interrupted while waiting for " + method, e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : server.failure(Kind.UNAVAILABLE, method + " failed", e);
    } finally {
      waiting.remove(id);
    }
  }

  private JsonNode result(String method, ObjectNode answer) {
    JsonNode error = answer.get("error");
    if (error != null) {
      throw server.failure(
          Kind.REFUSED,
          "%s failed: %s (code %s)"
              .formatted(
                  method,
                  server.shown(error.path("message").asText("no message")),
                  error.path("code").asInt()));
    }
    JsonNode result = answer.path("result");
    if (!result.isObject()) {
      throw server.failure(Kind.PROTOCOL, "the result of " + method + " is not an object");
    }
    return result;
  }

  /** The protocol does not allow to cancel the first request. */
  private void cancel(long id, String method) {
    transport.abandon(id);
    if (!method.equals(Rpc.INITIALIZE)) {
      notify(Rpc.CANCELLED, NODES.objectNode().put("requestId", id).put("reason", "timeout"), LAST);
    }
  }

  /** Waits until the server has the notification, so that it comes before later requests. */
  private void notify(String method, ObjectNode params, Duration time) {
    try {
      transport
          .send(Rpc.notification(method, params), Transport.NO_ID)
          .get(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      // Later requests show whether it matters.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void received(ObjectNode message) {
    JsonNode id = message.path("id");
    if (Rpc.isRequest(message)) {
      boolean isPing = message.path("method").asText().equals(Rpc.PING);
      var unused =
          transport.send(
              isPing
                  ? Rpc.result(id, NODES.objectNode())
                  : Rpc.error(id, Rpc.NO_METHOD, "this client answers only ping"),
              Transport.NO_ID);
    } else if (message.path("method").asText().equals(Rpc.LIST_CHANGED)) {
      onListChanged.run();
    } else if (!message.has("method") && id.canConvertToLong()) {
      // An answer that comes too late has nobody waiting.
      CompletableFuture<ObjectNode> answer = waiting.get(id.longValue());
      if (answer != null) {
        answer.complete(message);
      }
    }
  }

  @Override
  public void failed(long id, RuntimeException failure) {
    CompletableFuture<ObjectNode> answer = waiting.get(id);
    if (answer != null) {
      answer.completeExceptionally(failure);
    }
  }

  /** Requests that come meanwhile must see the end before this one tries again. */
  @Override
  public void expired(long id, ExpiredException unsent, RuntimeException failure) {
    if (end == null) {
      end = unsent;
    }
    failed(id, unsent);
    ended(failure);
  }

  @Override
  public void ended(RuntimeException failure) {
    if (end == null) {
      end = failure;
    }
    waiting.values().forEach(answer -> answer.completeExceptionally(failure));
    transport.close();
  }

  @Override
  public void close() {
    ended(server.failure(Kind.UNAVAILABLE, "the connection is closed"));
  }
}
