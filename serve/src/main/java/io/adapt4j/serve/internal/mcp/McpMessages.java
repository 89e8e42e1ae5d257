package io.adapt4j.serve.internal.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.provenance.SystemInfo;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.tools.internal.rpc.Rpc;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Answers messages of the protocol, whatever carries them. Thread-safe. */
public final class McpMessages {

  private final McpTools tools;
  private final Map<Key, InnerExchange> running = new ConcurrentHashMap<>();

  public McpMessages(McpTools tools) {
    this.tools = tools;
  }

  /** A call in progress, by the session's name and the request's id. */
  private record Key(String session, JsonNode id) {}

  /**
   * Sender of a message.
   *
   * @param session name that others do not know; empty if calls cannot be cancelled
   */
  record Sender(String session, Optional<Call> call, InnerExchange.Heartbeat heartbeat) {}

  /** Answers a request. Throws an IOException if its client has disconnected or cancelled it. */
  ObjectNode answer(JsonNode message, Sender sender) throws IOException {
    if (!Stateless.isUsed(message)) {
      return answerInSession(message, sender);
    }
    String method = message.path("method").asText();
    Optional<ObjectNode> refusal = Stateless.refusal(message);
    if (refusal.isPresent()) {
      return refusal.get();
    }
    ObjectNode answer =
        method.equals(Stateless.DISCOVER)
            ? Rpc.result(message.path("id"), Stateless.discovery())
            : answerInSession(message, sender);
    return Stateless.completed(answer, serverInfo(), method);
  }

  private ObjectNode answerInSession(JsonNode message, Sender sender) throws IOException {
    JsonNode id = message.path("id");
    JsonNode params = message.path("params");
    return switch (message.path("method").asText()) {
      case Rpc.INITIALIZE -> Rpc.result(id, initialize(params));
      case Rpc.PING -> Rpc.result(id, JsonNodeFactory.instance.objectNode());
      case Rpc.LIST -> {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.set("tools", tools.definitions());
        yield Rpc.result(id, result);
      }
      case Rpc.CALL -> call(id, params, sender);
      default ->
          Rpc.error(id, Rpc.NO_METHOD, "this server has tools only: tools/list and tools/call");
    };
  }

  private static ObjectNode initialize(JsonNode params) {
    String wanted = params.path("protocolVersion").asText();
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("protocolVersion", Rpc.VERSIONS.contains(wanted) ? wanted : Rpc.VERSIONS.get(0));
    result.putObject("capabilities").putObject("tools");
    result.set("serverInfo", serverInfo());
    return result;
  }

  private static ObjectNode serverInfo() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("name", "adapt4j")
        .put("version", SystemInfo.libraryVersion());
  }

  private ObjectNode call(JsonNode id, JsonNode params, Sender sender) throws IOException {
    String name = params.path("name").asText();
    Optional<McpTool> tool = tools.find(name);
    if (tool.isEmpty()) {
      return Rpc.error(id, Rpc.WRONG_PARAMETERS, "Unknown tool: " + name);
    }
    JsonNode arguments =
        params.path("arguments").isMissingNode()
            ? JsonNodeFactory.instance.objectNode()
            : params.path("arguments");
    return Rpc.result(
        id,
        tools.call(
            tool.get(),
            arguments,
            (endpoint, path, body) -> {
              InnerExchange exchange =
                  new InnerExchange(
                      path, sender.call().map(Call::exchange).orElse(null), sender.heartbeat());
              Call inner = new Call(exchange, false);
              Key key = new Key(sender.session(), id);
              boolean registered =
                  !sender.session().isEmpty() && running.putIfAbsent(key, exchange) == null;
              try {
                return McpTools.answer(exchange, inner, endpoint, body);
              } finally {
                if (registered) {
                  running.remove(key);
                }
                sender.call().ifPresent(outer -> report(inner, outer));
              }
            }));
  }

  /** Reports what was answered as the client's own request. */
  private static void report(Call inner, Call outer) {
    inner.model().ifPresent(outer::asks);
    outer.took(inner.usage());
    outer.computeBy(inner.work());
  }

  /** Takes a notification: one that a request is cancelled ends it. */
  void take(JsonNode message, String session) {
    if (message.path("method").asText().equals(Rpc.CANCELLED)) {
      InnerExchange exchange =
          running.get(new Key(session, message.path("params").path("requestId")));
      if (exchange != null) {
        exchange.cancel();
      }
    }
  }

  /** Cancels the calls in progress. */
  void cancelAll() {
    running.values().forEach(InnerExchange::cancel);
  }
}
