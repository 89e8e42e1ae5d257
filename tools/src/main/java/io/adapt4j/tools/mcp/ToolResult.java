package io.adapt4j.tools.mcp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.tools.mcp.McpException.Kind;
import java.util.ArrayList;
import java.util.List;

/** Texts of results of tools. */
final class ToolResult {

  private ToolResult() {}

  /** Returns the text for a model; errors of the tool are told as a failed function's are. */
  static String text(Server server, String tool, JsonNode result) {
    List<String> texts = new ArrayList<>();
    for (JsonNode part : result.path("content")) {
      texts.add(part(server, tool, part));
    }
    JsonNode structured = result.path("structuredContent");
    if (!structured.isMissingNode() && texts.stream().noneMatch(text -> is(text, structured))) {
      texts.add(Json.compact(structured));
    }
    String text = String.join("\n", texts);
    return result.path("isError").asBoolean() ? "Error: " + text : text;
  }

  private static String part(Server server, String tool, JsonNode part) {
    String type = part.path("type").asText();
    JsonNode text =
        switch (type) {
          case "text" -> part.path("text");
          case "resource" -> part.path("resource").path("text");
          case "resource_link" -> part.path("uri");
          default -> part.path("none");
        };
    if (!text.isTextual()) {
      String media = part.path("mimeType").asText(part.path("resource").path("mimeType").asText());
      throw server.failure(
          Kind.CONTENT,
          "the tool '%s' returned content of the type '%s'%s, and a model here reads only text"
              .formatted(
                  server.shown(tool),
                  server.shown(type),
                  media.isEmpty() ? "" : " (" + server.shown(media) + ")"));
    }
    return text.textValue();
  }

  private static boolean is(String text, JsonNode structured) {
    try {
      return Json.parseStrictly(text).equals(structured);
    } catch (JsonProcessingException e) {
      return false;
    }
  }
}
