package io.adapt4j.serve.internal.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.tools.internal.rpc.Rpc;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Requests of the revision 2026-07-28, which begin no session: each says its version, over HTTP
 * also in headers that must agree with the body.
 */
final class Stateless {

  static final String VERSION = "2026-07-28";
  static final String DISCOVER = "server/discover";

  private static final String META = "io.modelcontextprotocol/";
  private static final int HEADER_MISMATCH = -32020;
  private static final int UNSUPPORTED_VERSION = -32022;
  private static final String BASE64 = "=?base64?";
  private static final String END = "?=";

  private Stateless() {}

  /** Returns whether a request says its version itself. */
  static boolean isUsed(JsonNode message) {
    return version(message).isTextual();
  }

  private static JsonNode version(JsonNode message) {
    return message.path("params").path("_meta").path(META + "protocolVersion");
  }

  /** Returns the error for a version that is not supported. */
  static Optional<ObjectNode> refusal(JsonNode message) {
    String version = version(message).asText();
    if (version.equals(VERSION)) {
      return Optional.empty();
    }
    ObjectNode error =
        Rpc.error(message.path("id"), UNSUPPORTED_VERSION, "Unsupported protocol version");
    ObjectNode data = ((ObjectNode) error.get("error")).putObject("data");
    data.putArray("supported").add(VERSION);
    data.put("requested", version);
    return Optional.of(error);
  }

  /** Returns the error for headers that do not agree with the body. */
  static Optional<ObjectNode> mismatch(Call call, JsonNode message) {
    String method = message.path("method").asText();
    boolean agrees =
        call.header(Rpc.VERSION_HEADER).equals(Optional.of(version(message).asText()))
            && call.header("Mcp-Method").equals(Optional.of(method));
    if (method.equals(Rpc.CALL)) {
      String name = message.path("params").path("name").asText();
      agrees &= call.header("Mcp-Name").map(Stateless::decoded).equals(Optional.of(name));
    }
    return agrees
        ? Optional.empty()
        : Optional.of(
            Rpc.error(
                message.path("id"),
                HEADER_MISMATCH,
                "Header mismatch: expected %s, Mcp-Method, and Mcp-Name of a call as in the body"
                    .formatted(Rpc.VERSION_HEADER)));
  }

  /** Decodes a header's value; one that cannot be decoded agrees with no body. */
  private static String decoded(String value) {
    if (!value.startsWith(BASE64) || !value.endsWith(END)) {
      return value;
    }
    try {
      byte[] bytes =
          Base64.getDecoder()
              .decode(value.substring(BASE64.length(), value.length() - END.length()));
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      return "";
    }
  }

  /** Adds what this revision demands of results. */
  static ObjectNode completed(ObjectNode answer, ObjectNode serverInfo, String method) {
    if (answer.get("result") instanceof ObjectNode result) {
      result.put("resultType", "complete");
      result.putObject("_meta").set(META + "serverInfo", serverInfo);
      if (List.of(Rpc.LIST, DISCOVER).contains(method)) {
        result.put("ttlMs", 0).put("cacheScope", "private");
      }
    }
    return answer;
  }

  /** Versions and capabilities of the server. */
  static ObjectNode discovery() {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.putArray("supportedVersions").add(VERSION);
    result.putObject("capabilities").putObject("tools");
    return result;
  }
}
