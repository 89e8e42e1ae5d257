package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Query;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Input items as they are stored, and lists of them in pages. */
final class StoredItems {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** Prefixes of ids by the type of an item. */
  private static final Map<String, String> PREFIXES =
      Map.of(
          "message", "msg_",
          "reasoning", "rs_",
          "function_call", "fc_",
          "function_call_output", "fco_");

  private static final int PAGE = 20;
  private static final int MOST = 100;

  private StoredItems() {}

  /** Returns valid input, a text or items, as items with new ids and their defaults. */
  static ArrayNode of(JsonNode input) {
    if (input.isTextual()) {
      return JSON.arrayNode()
          .add(stored(JSON.objectNode().put("role", "user").put("content", input.textValue())));
    }
    ArrayNode items = JSON.arrayNode();
    input.forEach(item -> items.add(stored((ObjectNode) item)));
    return items;
  }

  private static ObjectNode stored(ObjectNode item) {
    String type = item.path("type").asText("message");
    // A client's own ids could be those of other items.
    ObjectNode json = JSON.objectNode();
    json.put("id", PREFIXES.get(type) + ResponseItem.random()).put("type", type);
    json.put("status", "completed");
    item.properties().stream()
        .filter(field -> !json.has(field.getKey()))
        .forEach(field -> json.set(field.getKey(), field.getValue()));
    if (type.equals("message") && item.path("content").isTextual()) {
      String kind = item.path("role").asText().equals("assistant") ? "output_text" : "input_text";
      ArrayNode content = json.putArray("content");
      content.addObject().put("type", kind).put("text", item.path("content").textValue());
    }
    return json;
  }

  /** Returns the page that a request asks for with {@code limit}, {@code order}, {@code after}. */
  static ObjectNode page(Call call, ArrayNode items) {
    List<JsonNode> all = new ArrayList<>();
    items.forEach(all::add);
    String order = Query.value(call, "order").orElse("desc");
    if (!order.equals("asc") && !order.equals("desc")) {
      throw Fault.parameter("order", "expected asc or desc, found '" + order + "'");
    }
    if (order.equals("desc")) {
      Collections.reverse(all);
    }
    int from = Query.value(call, "after").map(id -> placeAfter(all, id)).orElse(0);
    int to = Math.min(all.size(), from + limit(call));
    return list(all.subList(from, to), to < all.size());
  }

  private static int placeAfter(List<JsonNode> items, String id) {
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i).path("id").asText().equals(id)) {
        return i + 1;
      }
    }
    throw Fault.parameter("after", "expected the id of an item, found '" + id + "'");
  }

  private static int limit(Call call) {
    String text = Query.value(call, "limit").orElse(Integer.toString(PAGE));
    int limit = text.matches("\\d{1,3}") ? Integer.parseInt(text) : 0;
    if (limit < 1 || limit > MOST) {
      throw Fault.parameter("limit", "expected 1 to " + MOST + ", found '" + text + "'");
    }
    return limit;
  }

  static ObjectNode list(List<JsonNode> items, boolean hasMore) {
    ObjectNode json = JSON.objectNode().put("object", "list");
    json.putArray("data").addAll(items);
    json.put("has_more", hasMore);
    json.put("first_id", items.isEmpty() ? null : items.get(0).path("id").asText());
    json.put("last_id", items.isEmpty() ? null : items.get(items.size() - 1).path("id").asText());
    return json;
  }
}
