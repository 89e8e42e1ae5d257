package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.serve.internal.chat.PictureParts;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Creates, changes and deletes conversations and their items: {@code /v1/conversations}. */
public record ConversationsEndpoint(Conversations stored) implements Endpoint {

  /** Maximum number of items that a request may add, as in OpenAI's API. */
  private static final int MOST_ITEMS = 20;

  private static final int MOST_METADATA = 16;
  private static final int LONGEST_KEY = 64;
  private static final int LONGEST_VALUE = 512;
  private static final String METADATA = "metadata";

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    String[] path = call.path().split("/", -1);
    if (path.length > 4 && !path[4].equals(Conversations.ITEMS)) {
      throw Fault.unknownUrl(call.path());
    }
    call.send(
        200,
        switch (path.length) {
          case 3 -> create(call, parameters);
          case 4 -> conversation(call, path[3], parameters);
          case 5 -> items(call, path[3], parameters);
          case 6 -> item(call, path[3], path[5]);
          default -> throw Fault.unknownUrl(call.path());
        });
  }

  private ObjectNode create(Call call, Parameters parameters) {
    JsonNode metadata = metadata(parameters).orElse(JsonNodeFactory.instance.objectNode());
    Optional<JsonNode> items = parameters.value(Conversations.ITEMS);
    parameters.requireNoOthers();
    ArrayNode none = JsonNodeFactory.instance.arrayNode();
    return stored.create(call, items.map(json -> added(none, json)).orElse(none), metadata);
  }

  /** Checks items after those that are there, and returns them as they are stored. */
  private static ArrayNode added(ArrayNode before, JsonNode items) {
    if (!items.isArray() || items.size() > MOST_ITEMS) {
      throw Fault.parameter(
          Conversations.ITEMS, "expected an array of at most " + MOST_ITEMS + " items");
    }
    ResponseInput.read(
        Optional.empty(), before, items, Conversations.ITEMS, PictureParts.unanswered());
    return StoredItems.of(items);
  }

  private static Optional<JsonNode> metadata(Parameters parameters) {
    Optional<JsonNode> metadata = parameters.value(METADATA);
    metadata.ifPresent(ConversationsEndpoint::requireMetadata);
    return metadata;
  }

  private static void requireMetadata(JsonNode metadata) {
    boolean valid =
        metadata.isObject()
            && metadata.size() <= MOST_METADATA
            && metadata.properties().stream()
                .allMatch(
                    field ->
                        field.getKey().length() <= LONGEST_KEY
                            && field.getValue().isTextual()
                            && field.getValue().textValue().length() <= LONGEST_VALUE);
    if (!valid) {
      throw Fault.parameter(
          METADATA,
          "expected an object of at most %d strings, of at most %d characters, with names of at most %d"
              .formatted(MOST_METADATA, LONGEST_VALUE, LONGEST_KEY));
    }
  }

  private ObjectNode conversation(Call call, String id, Parameters parameters) {
    return switch (call.method()) {
      case "DELETE" -> stored.deleteConversation(call, id);
      case "POST" -> {
        parameters.required(METADATA);
        JsonNode metadata = metadata(parameters).orElseThrow();
        parameters.requireNoOthers();
        yield stored.setMetadata(call, id, metadata);
      }
      default -> {
        call.requireMethod("GET");
        yield stored.getConversation(call, id);
      }
    };
  }

  private ObjectNode items(Call call, String id, Parameters parameters) {
    if (!call.method().equals("POST")) {
      call.requireMethod("GET");
      return StoredItems.page(call, stored.items(call, id));
    }
    JsonNode items = parameters.required(Conversations.ITEMS);
    parameters.requireNoOthers();
    List<JsonNode> added = new ArrayList<>();
    stored.add(call, id, before -> added(before, items)).forEach(added::add);
    return StoredItems.list(added, false);
  }

  private JsonNode item(Call call, String id, String item) {
    if (call.method().equals("DELETE")) {
      return stored.deleteItem(call, id, item);
    }
    call.requireMethod("GET");
    return stored.item(call, id, item);
  }
}
