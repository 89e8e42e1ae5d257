package io.adapt4j.tools.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** A server that does one thing wrong: in a process of its own, or behind a test's address. */
final class HostileServer {

  static final int MORE_THAN_A_MESSAGE = 5 << 20;

  private final String fault;
  private int pages;

  HostileServer(String fault) {
    this.fault = fault;
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    HostileServer server = new HostileServer(arguments[0]);
    if (server.fault.equals("banner")) {
      System.out.println("Starting...");
    }
    if (server.fault.equals("chatter")) {
      for (int i = 0; i < 100; i++) {
        System.out.println("debug: " + i);
      }
    }
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      if (server.fault.equals("deaf")) {
        Thread.sleep(60_000);
      }
      JsonNode message = Json.parse(line);
      if (message.path("method").asText().equals("tools/call") && server.fault.equals("dies")) {
        System.err.println("out of luck with " + System.getenv("A_TOKEN"));
        System.exit(3);
      }
      String answer = server.answer(message);
      if (!answer.isEmpty()) {
        System.out.println(answer);
      }
    }
  }

  /** Answers a message; with nothing where none is due, or the fault is to be silent. */
  String answer(JsonNode message) {
    String method = message.path("method").asText();
    if (!message.has("id") || !message.has("method")) {
      return "";
    }
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    switch (method) {
      case "initialize" -> {
        result.put("protocolVersion", fault.equals("version") ? "1999-01-01" : "2025-06-18");
        result.putObject("capabilities").putObject("tools").put("listChanged", true);
        result.putObject("serverInfo").put("name", "hostile").put("version", "1");
      }
      case "tools/list" -> list(result);
      case "tools/call" -> {
        if (fault.equals("silent")) {
          return "";
        }
        if (fault.equals("garbage")) {
          return "{\"jsonrpc\":\n".repeat(50);
        }
        if (fault.equals("huge")) {
          return "{\"jsonrpc\":\"2.0\",\"x\":\"" + "x".repeat(MORE_THAN_A_MESSAGE) + "\"}";
        }
        if (fault.equals("error")) {
          return "{\"jsonrpc\":\"2.0\",\"id\":"
              + message.path("id")
              + ",\"error\":{\"code\":-32000,\"message\":\"no\\u001b[31m secret-value here\"}}";
        }
        String ping = "{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}\n";
        result.putArray("content").addObject().put("type", "text").put("text", "done");
        if (fault.equals("asks")) {
          return ping + response(message.path("id"), result);
        }
        if (fault.equals("changes")) {
          return "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n"
              + response(message.path("id"), result);
        }
      }
      default -> {}
    }
    JsonNode id =
        fault.equals("wrong id") && method.equals("tools/call")
            ? JsonNodeFactory.instance.numberNode(99_999)
            : message.path("id");
    return response(id, result);
  }

  private static String response(JsonNode id, ObjectNode result) {
    ObjectNode response = JsonNodeFactory.instance.objectNode().put("jsonrpc", "2.0");
    response.set("id", id);
    response.set("result", result);
    return Json.compact(response);
  }

  private void list(ObjectNode result) {
    pages++;
    if (fault.equals("no list")) {
      return;
    }
    var tools = result.putArray("tools");
    String name = fault.equals("pages") ? "tool" + pages : "act";
    int count = fault.equals("twice") ? 2 : fault.equals("many") ? 129 : 1;
    for (int i = 0; i < count; i++) {
      ObjectNode tool = tools.addObject().put("name", fault.equals("many") ? name + i : name);
      tool.set("inputSchema", schema());
    }
    if (fault.equals("changes") && pages > 1) {
      tools.addObject().put("name", "more/one").putObject("inputSchema").put("type", "object");
    }
    if (fault.equals("pages")) {
      if (pages % 2 == 0) {
        tools.removeAll();
      }
      result.put("nextCursor", "page" + pages);
    }
  }

  private JsonNode schema() {
    String nested = "{\"type\":\"string\"}";
    if (fault.equals("bomb")) {
      nested = "{\"type\":\"string\",\"pattern\":\"(\\\\p{L}|\\\\d){2000}\",\"maxLength\":9000}";
    }
    if (fault.equals("type")) {
      return Json.written("{\"type\":\"array\",\"items\":" + nested + "}");
    }
    if (fault.equals("keyword")) {
      return Json.written(
          "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"uniqueItems\":true,"
              + "\"items\":{\"type\":\"number\"}}}}");
    }
    return Json.written("{\"type\":\"object\",\"properties\":{\"a\":" + nested + "}}");
  }
}
