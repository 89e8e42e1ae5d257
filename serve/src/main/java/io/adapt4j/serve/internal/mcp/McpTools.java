package io.adapt4j.serve.internal.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.model.Models;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tools that the loaded models make possible. A call is a request to the endpoint that does the
 * same, so that limits, turns, versions and errors are those of the endpoint.
 */
public record McpTools(Models models, Map<String, Endpoint> endpoints, List<String> searchable) {

  private static final Logger LOG = LoggerFactory.getLogger(McpTools.class);

  /** Name of the inner endpoint that finds passages. */
  public static final String SEARCH = McpTool.SEARCH_PATH;

  ArrayNode definitions() {
    ArrayNode definitions = JsonNodeFactory.instance.arrayNode();
    JsonNode listed = models.list().path("data");
    for (McpTool tool : McpTool.values()) {
      List<String> names = names(tool, listed);
      if (!names.isEmpty()) {
        definitions.add(tool.definition(names));
      }
    }
    return definitions;
  }

  /** Names of the models that can answer a tool; those for conversations first. */
  private List<String> names(McpTool tool, JsonNode listed) {
    if (tool == McpTool.SEARCH) {
      return searchable;
    }
    List<String> names = new ArrayList<>();
    for (String path : tool.paths()) {
      for (JsonNode model : listed) {
        String name = model.path("id").asText();
        if (offers(model, path) && !names.contains(name)) {
          names.add(name);
        }
      }
    }
    return names;
  }

  private static boolean offers(JsonNode model, String path) {
    for (JsonNode endpoint : model.path("endpoints")) {
      if (endpoint.asText().equals(path)) {
        return true;
      }
    }
    return false;
  }

  /** Returns the tool of a name, if a model can answer it. */
  Optional<McpTool> find(String name) {
    JsonNode listed = models.list().path("data");
    for (McpTool tool : McpTool.values()) {
      if (tool.tool().equals(name) && !names(tool, listed).isEmpty()) {
        return Optional.of(tool);
      }
    }
    return Optional.empty();
  }

  /**
   * Calls a tool. Errors are results too, since a model may correct its arguments. Throws an
   * IOException if the call is cancelled or the client has disconnected.
   */
  ObjectNode call(McpTool tool, JsonNode arguments, InnerCall inner) throws IOException {
    JsonNode listed = models.list().path("data");
    try {
      Parameters given = new Parameters(arguments);
      String name =
          given.value("model").isPresent() ? given.text("model") : names(tool, listed).get(0);
      String path = path(tool, name, listed);
      ObjectNode body = tool.body(path, given).put("model", name);
      given.requireNoOthers();
      return structured(
          tool.result(inner.answer(Objects.requireNonNull(endpoints.get(path)), path, body)));
    } catch (Fault fault) {
      return failed(fault);
    } catch (RuntimeException e) {
      Fault fault = Fault.of(e, "arguments");
      if (fault.isInternal()) {
        LOG.error("A call of the tool {} failed.", tool.tool(), e);
      }
      return failed(fault);
    }
  }

  private static String path(McpTool tool, String model, JsonNode listed) {
    for (String path : tool.paths()) {
      for (JsonNode entry : listed) {
        if (entry.path("id").asText().equals(model) && offers(entry, path)) {
          return path;
        }
      }
    }
    // The endpoint says what is wrong with the name.
    return tool.paths().get(0);
  }

  private static ObjectNode structured(ObjectNode result) {
    ObjectNode json = text(Json.compact(result));
    json.set("structuredContent", result);
    return json;
  }

  private static ObjectNode failed(Fault fault) {
    return text(String.valueOf(fault.getMessage())).put("isError", true);
  }

  private static ObjectNode text(String text) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putArray("content").addObject().put("type", "text").put("text", text);
    return json;
  }

  /** Sends a request to an endpoint and returns its answer. */
  interface InnerCall {
    JsonNode answer(Endpoint endpoint, String path, ObjectNode body) throws IOException;
  }

  /** Answers a request to an endpoint within an exchange. */
  static JsonNode answer(InnerExchange exchange, Call call, Endpoint endpoint, ObjectNode body)
      throws IOException {
    try {
      endpoint.answer(call, new Parameters(body));
      return Json.parse(exchange.answer());
    } finally {
      call.endTurn();
      call.release();
    }
  }
}
