package io.adapt4j.serve.internal.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.tools.internal.rpc.Rpc;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The models as tools over Streamable HTTP: {@code /mcp}. A session is only a name by which a
 * client can cancel its calls; there is no state besides.
 */
public record McpEndpoint(McpMessages messages, Set<String> origins) implements Endpoint {

  private static final String TYPE = "application/json";

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    requireOrigin(call);
    JsonNode message = parameters.json();
    if (!Rpc.isMessage(message)) {
      call.send(
          400, Rpc.error(NullNode.instance, Rpc.INVALID, "expected a message of JSON-RPC 2.0"));
      return;
    }
    boolean stateless = Stateless.isUsed(message);
    if (!stateless) {
      requireVersion(call, message);
    }
    Optional<ObjectNode> refusal =
        stateless
            ? Stateless.mismatch(call, message).or(() -> Stateless.refusal(message))
            : Optional.empty();
    if (refusal.isPresent()) {
      call.send(400, refusal.get());
      return;
    }
    call.endTurn();
    String session = call.header(Rpc.SESSION_HEADER).orElse("");
    if (!Rpc.isRequest(message)) {
      messages.take(message, session);
      call.send(202, TYPE, "");
      return;
    }
    if (message.path("method").asText().equals(Rpc.INITIALIZE)) {
      call.set(Rpc.SESSION_HEADER, UUID.randomUUID().toString());
    }
    ObjectNode answer =
        messages.answer(
            message, new McpMessages.Sender(session, Optional.of(call), () -> keepAlive(call)));
    if (call.isCommitted()) {
      call.write(Json.compact(answer));
      call.end();
    } else {
      boolean unknown = answer.path("error").path("code").asInt() == Rpc.NO_METHOD;
      call.send(stateless && unknown ? 404 : 200, answer);
    }
  }

  /** White space is allowed before an object, and shows whether the client is still there. */
  private static void keepAlive(Call call) throws IOException {
    if (!call.isCommitted()) {
      call.begin(TYPE);
    }
    call.write(" ");
  }

  /** Refuses requests of pages from elsewhere, as the protocol demands. */
  private void requireOrigin(Call call) {
    Optional<String> origin = call.header("Origin");
    String own = "http://" + call.header("Host").orElse("");
    if (origin.isPresent()
        && !origin.get().equals(own)
        && !origins.contains("*")
        && !origins.contains(origin.get())) {
      throw Fault.invalid(
          403, null, "unknown_origin", "Pages of this origin may not use the server's tools.");
    }
  }

  private static void requireVersion(Call call, JsonNode message) {
    Optional<String> version = call.header(Rpc.VERSION_HEADER);
    boolean begins = message.path("method").asText().equals(Rpc.INITIALIZE);
    if (version.isPresent() && !begins && !Rpc.VERSIONS.contains(version.get())) {
      throw Fault.invalid(
          400,
          null,
          "unsupported_version",
          "%s: expected one of %s".formatted(Rpc.VERSION_HEADER, Rpc.VERSIONS));
    }
  }
}
