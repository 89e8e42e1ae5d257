package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/**
 * Stored responses, which name the one before them, and conversations, which hold all items. Each
 * is visible to the key that made it alone. Thread-safe.
 */
public final class Conversations implements AutoCloseable {

  static final String ITEMS = "items";
  static final String RESPONSE = "response";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String OWNER = "owner";
  private static final String INPUT = "input";
  private static final String PREVIOUS = "previous";
  private static final String CREATED = "created_at";
  private static final String METADATA = "metadata";

  /** Maximum number of responses before one. */
  private static final int MOST_BEFORE = 10_000;

  private final StoredEntries entries;
  private final boolean hasKeys;

  public Conversations(StorageLimits limits, boolean hasKeys) {
    this.entries = new StoredEntries(limits, Clock.systemUTC(), Conversations::isWhole);
    this.hasKeys = hasKeys;
  }

  public boolean isOn() {
    return entries.isOn();
  }

  /** Returns a digest of the key that a request shows; without keys all are the same. */
  private String owner(Call call) {
    String key = hasKeys ? call.header("Authorization").orElse("").strip() : "";
    // The scheme's letter case is free; a key has no space in it.
    return FileDigest.sha256(key.substring(key.lastIndexOf(' ') + 1));
  }

  private Optional<ObjectNode> find(Call call, String id, String prefix) {
    return id.startsWith(prefix)
        ? entries.get(id).filter(found -> found.path(OWNER).asText().equals(owner(call)))
        : Optional.empty();
  }

  /** Returns whether an object has what is read from it without further checks. */
  private static boolean isWhole(ObjectNode entry) {
    return entry.path(RESPONSE).isObject()
        ? areObjects(entry.path(INPUT)) && areObjects(entry.at("/response/output"))
        : areObjects(entry.path(ITEMS)) && entry.path(METADATA).isObject();
  }

  private static boolean areObjects(JsonNode list) {
    return list.isArray()
        && StreamSupport.stream(list.spliterator(), false).allMatch(JsonNode::isObject);
  }

  private ObjectNode response(Call call, String id) {
    return find(call, id, "resp_").orElseThrow(() -> absent("Response", id));
  }

  private static Fault absent(String what, String id) {
    return Fault.invalid(404, null, null, what + " with id '" + id + "' not found.");
  }

  private static Fault noPrevious(String id) {
    return Fault.invalid(
        400,
        "previous_response_id",
        "previous_response_not_found",
        "Previous response with id '" + id + "' not found.");
  }

  /** Returns the items of a response's input and output, and of all before it. */
  ArrayNode itemsThrough(Call call, String id) {
    ObjectNode last = find(call, id, "resp_").orElseThrow(() -> noPrevious(id));
    return itemsOf(call, last).addAll((ArrayNode) last.at("/response/output"));
  }

  /** Returns the items that a response answered, oldest first. */
  ArrayNode inputOf(Call call, String id) {
    return itemsOf(call, response(call, id));
  }

  private ArrayNode itemsOf(Call call, ObjectNode last) {
    Deque<ObjectNode> chain = new ArrayDeque<>();
    chain.push(last);
    for (String before = last.path(PREVIOUS).asText();
        !before.isEmpty();
        before = chain.element().path(PREVIOUS).asText()) {
      String id = before;
      chain.push(find(call, id, "resp_").orElseThrow(() -> noPrevious(id)));
      if (chain.size() > MOST_BEFORE) {
        throw Fault.parameter("previous_response_id", "too many responses are before it");
      }
    }
    ArrayNode items = JSON.arrayNode();
    while (chain.size() > 1) {
      ObjectNode each = chain.pop();
      items.addAll((ArrayNode) each.path(INPUT));
      items.addAll((ArrayNode) each.at("/response/output"));
    }
    return items.addAll((ArrayNode) last.path(INPUT));
  }

  ObjectNode getResponse(Call call, String id) {
    return (ObjectNode) response(call, id).path(RESPONSE);
  }

  void deleteResponse(Call call, String id) {
    response(call, id);
    entries.remove(id);
  }

  void keepResponse(Call call, String previous, ArrayNode input, ObjectNode response) {
    ObjectNode entry = JSON.objectNode().put(OWNER, owner(call)).put(PREVIOUS, previous);
    entry.set(INPUT, input);
    entry.set(RESPONSE, response);
    entries.put(response.path("id").asText(), entry);
  }

  /** Stores a new conversation and returns it as clients see it. */
  ObjectNode create(Call call, ArrayNode items, JsonNode metadata) {
    String id = "conv_" + ResponseItem.random();
    ObjectNode entry = JSON.objectNode().put(OWNER, owner(call)).put("id", id);
    entry.put(CREATED, Instant.now().getEpochSecond());
    entry.set(METADATA, metadata);
    entry.set(ITEMS, items);
    entries.put(id, entry);
    return shown(entry);
  }

  private static ObjectNode shown(ObjectNode entry) {
    ObjectNode json = JSON.objectNode().put("id", entry.path("id").asText());
    json.put("object", "conversation").put(CREATED, entry.path(CREATED).asLong());
    json.set(METADATA, entry.path(METADATA));
    return json;
  }

  private ObjectNode conversation(Call call, String id) {
    return find(call, id, "conv_").orElseThrow(() -> absent("Conversation", id));
  }

  ObjectNode getConversation(Call call, String id) {
    return shown(conversation(call, id));
  }

  ArrayNode items(Call call, String id) {
    return (ArrayNode) conversation(call, id).path(ITEMS);
  }

  ObjectNode setMetadata(Call call, String id, JsonNode metadata) {
    return change(call, id, entry -> entry.set(METADATA, metadata));
  }

  ObjectNode deleteConversation(Call call, String id) {
    conversation(call, id);
    entries.remove(id);
    return JSON.objectNode()
        .put("id", id)
        .put("object", "conversation.deleted")
        .put("deleted", true);
  }

  /** Adds items that the function derives from those that are there. */
  ArrayNode add(Call call, String id, Function<ArrayNode, ArrayNode> derived) {
    ArrayNode added = JSON.arrayNode();
    change(
        call,
        id,
        entry -> {
          ArrayNode items = (ArrayNode) entry.path(ITEMS);
          added.addAll(derived.apply(items));
          items.addAll(added);
        });
    return added;
  }

  JsonNode item(Call call, String id, String item) {
    ArrayNode items = items(call, id);
    return items.get(place(items, item));
  }

  ObjectNode deleteItem(Call call, String id, String item) {
    return change(
        call,
        id,
        entry -> {
          ArrayNode items = (ArrayNode) entry.path(ITEMS);
          items.remove(place(items, item));
        });
  }

  private static int place(ArrayNode items, String id) {
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i).path("id").asText().equals(id)) {
        return i;
      }
    }
    throw absent("Item", id);
  }

  /** Changes a conversation while no other request does. */
  private ObjectNode change(Call call, String id, Consumer<ObjectNode> change) {
    synchronized (entries) {
      ObjectNode entry = conversation(call, id);
      change.accept(entry);
      entries.put(id, entry);
      return shown(entry);
    }
  }

  @Override
  public void close() {
    entries.close();
  }
}
