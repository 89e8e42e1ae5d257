package io.adapt4j.tools.internal.rpc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.util.List;
import java.util.Optional;

/** JSON-RPC 2.0 messages as the Model Context Protocol has them. */
public final class Rpc {

  /** Supported revisions of the protocol, newest first. */
  public static final List<String> VERSIONS = List.of("2025-11-25", "2025-06-18", "2025-03-26");

  public static final String INITIALIZE = "initialize";
  public static final String INITIALIZED = "notifications/initialized";
  public static final String CANCELLED = "notifications/cancelled";
  public static final String LIST_CHANGED = "notifications/tools/list_changed";
  public static final String LIST = "tools/list";
  public static final String CALL = "tools/call";
  public static final String PING = "ping";

  public static final String VERSION_HEADER = "MCP-Protocol-Version";
  public static final String SESSION_HEADER = "Mcp-Session-Id";

  public static final int NO_JSON = -32700;
  public static final int INVALID = -32600;
  public static final int NO_METHOD = -32601;
  public static final int WRONG_PARAMETERS = -32602;

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private Rpc() {}

  public static ObjectNode request(long id, String method, ObjectNode params) {
    ObjectNode message = message().put("id", id).put("method", method);
    message.set("params", params);
    return message;
  }

  public static ObjectNode notification(String method, ObjectNode params) {
    ObjectNode message = message().put("method", method);
    if (!params.isEmpty()) {
      message.set("params", params);
    }
    return message;
  }

  public static ObjectNode result(JsonNode id, JsonNode result) {
    ObjectNode message = message();
    message.set("id", id);
    message.set("result", result);
    return message;
  }

  public static ObjectNode error(JsonNode id, int code, String text) {
    ObjectNode message = message();
    message.set("id", id);
    message.putObject("error").put("code", code).put("message", text);
    return message;
  }

  private static ObjectNode message() {
    return NODES.objectNode().put("jsonrpc", "2.0");
  }

  /** Parses a message; empty if the text is none. */
  public static Optional<ObjectNode> parse(String text) {
    try {
      return Json.parseStrictly(text) instanceof ObjectNode message && isMessage(message)
          ? Optional.of(message)
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** Returns whether an object is a request, a notification or a response. */
  public static boolean isMessage(JsonNode json) {
    return json.path("jsonrpc").asText().equals("2.0")
        && (json.path("method").isTextual() || json.has("result") || json.has("error"));
  }

  /** Returns whether a message needs an answer. */
  public static boolean isRequest(JsonNode message) {
    return message.has("method") && isId(message.path("id"));
  }

  /** Returns whether a value can be a request's id. */
  public static boolean isId(JsonNode id) {
    return id.isTextual() || id.isIntegralNumber();
  }
}
