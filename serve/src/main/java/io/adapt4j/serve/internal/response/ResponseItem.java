package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An item of a response during streaming, and as JSON. */
final class ResponseItem {

  /** Kinds of items. */
  enum Kind {
    MESSAGE("msg_", "response.output_text", "output_text"),
    REASONING("rs_", "response.reasoning_text", "reasoning_text"),
    CALL("fc_", "response.function_call_arguments", null);

    private final String prefix;

    /** Prefix of the events about its text. */
    final String event;

    /** The type of its only part, if it has parts. */
    final @Nullable String part;

    Kind(String prefix, String event, @Nullable String part) {
      this.prefix = prefix;
      this.event = event;
      this.part = part;
    }
  }

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Kind kind;
  private final String id;
  private final String callId;
  private final String name;
  private final StringBuilder text = new StringBuilder();
  private final ArrayNode tokens = JSON.arrayNode();

  private ResponseItem(Kind kind, String callId, String name) {
    this.kind = kind;
    this.id = kind.prefix + random();
    this.callId = callId;
    this.name = name;
  }

  static ResponseItem of(Kind kind) {
    return new ResponseItem(kind, "", "");
  }

  static ResponseItem call(String callId, String name) {
    return new ResponseItem(Kind.CALL, callId, name);
  }

  static String random() {
    return UUID.randomUUID().toString().replace("-", "");
  }

  Kind kind() {
    return kind;
  }

  String id() {
    return id;
  }

  void add(String more, ArrayNode moreTokens) {
    text.append(more);
    tokens.addAll(moreTokens);
  }

  /** The item before there is text. */
  ObjectNode begun() {
    return json("in_progress", null, "");
  }

  ObjectNode complete(String status) {
    return json(status, part(), text.toString());
  }

  /** Adds the complete text to the item's final event. */
  void describe(ObjectNode done) {
    if (kind == Kind.CALL) {
      done.put("name", name).put("arguments", text.toString());
    } else {
      done.put("text", text.toString());
      if (kind == Kind.MESSAGE) {
        done.set("logprobs", tokens);
      }
    }
  }

  private ObjectNode json(String status, @Nullable ObjectNode part, String arguments) {
    ObjectNode json = JSON.objectNode().put("id", id);
    switch (kind) {
      case MESSAGE -> json.put("type", "message").put("status", status).put("role", "assistant");
      case REASONING -> json.put("type", "reasoning").put("status", status).putArray("summary");
      case CALL -> {
        json.put("type", "function_call").put("status", status).put("call_id", callId);
        return json.put("name", name).put("arguments", arguments);
      }
    }
    ArrayNode content = json.putArray("content");
    if (part != null) {
      content.add(part);
    }
    return json;
  }

  ObjectNode emptyPart() {
    return part("", JSON.arrayNode());
  }

  ObjectNode part() {
    return part(text.toString(), tokens);
  }

  private ObjectNode part(String said, ArrayNode likely) {
    ObjectNode json = JSON.objectNode().put("type", kind.part).put("text", said);
    if (kind == Kind.MESSAGE) {
      json.putArray("annotations");
      json.set("logprobs", likely);
    }
    return json;
  }
}
