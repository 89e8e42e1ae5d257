package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.serve.internal.chat.Messages;
import io.adapt4j.serve.internal.chat.PictureParts;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Input of a response: a text, or items, of which messages, reasoning, tool calls and their results
 * are read.
 */
final class ResponseInput {

  static final String NAME = "input";

  private static final String ASSISTANT = "assistant";
  private static final String CALLS = "tool_calls";
  private static final String CALL_ID = "call_id";
  private static final Set<String> ROLES = Set.of("system", "developer", "user", ASSISTANT);
  private static final Set<String> TEXTS =
      Set.of("input_text", "output_text", "text", "reasoning_text");

  private static final String READS = "texts, found a part of the type";

  private final PictureParts pictures;
  private final List<ChatMessage> messages = new ArrayList<>();
  private final Set<String> called = new HashSet<>();

  /** The assistant's reasoning before the next item. */
  private Optional<String> thought = Optional.empty();

  /** Tool calls of the last message, which are added to it when its items end. */
  private List<Map<String, Object>> calls = new ArrayList<>();

  private boolean answering;

  private ResponseInput(PictureParts pictures) {
    this.pictures = pictures;
  }

  /** Reads the conversation; instructions become the system message. */
  static List<ChatMessage> read(
      Optional<String> instructions,
      ArrayNode before,
      JsonNode json,
      String name,
      PictureParts pictures) {
    ResponseInput input = new ResponseInput(pictures);
    instructions.ifPresent(text -> input.messages.add(ChatMessage.system(text)));
    for (int i = 0; i < before.size(); i++) {
      input.item("stored[" + i + "]", before.get(i));
    }
    if (json.isTextual()) {
      input.add(ChatMessage.user(json.textValue()), false);
      return input.messages;
    }
    if (!json.isArray() || json.isEmpty()) {
      throw Fault.parameter(name, "expected a text or an array with at least one message");
    }
    for (int i = 0; i < json.size(); i++) {
      input.item(name + "[" + i + "]", json.get(i));
    }
    input.endCalls();
    return input.messages;
  }

  private void item(String at, JsonNode json) {
    if (!json.isObject()) {
      throw Fault.parameter(at, "expected an object, found " + Parameters.kind(json));
    }
    Parameters fields = new Parameters(json);
    String type = fields.value("type").isPresent() ? fields.text("type") : "message";
    fields.ignore("id", "status", "phase");
    switch (type) {
      case "message" -> message(at, fields);
      case "reasoning" -> thought(at, fields);
      case "function_call" -> call(at, fields);
      case "function_call_output" -> result(at, fields);
      default ->
          throw Fault.unsupported(
              at + ".type",
              "this server reads messages, reasoning, function_call and function_call_output,"
                  + " found '"
                  + type
                  + "'");
    }
    fields.requireNoOthers();
  }

  private void message(String at, Parameters fields) {
    String role = fields.text("role");
    if (!ROLES.contains(role)) {
      throw Fault.parameter(
          at + ".role", "expected system, developer, user or assistant, found '" + role + "'");
    }
    JsonNode given = fields.required("content");
    Object content =
        role.equals("user")
            ? Messages.content(at + ".content", given, TEXTS, READS, pictures)
            : content(at + ".content", given);
    add(Messages.message(role, content), role.equals(ASSISTANT));
  }

  /** Adds a message. Reasoning belongs to the answer after it; without one it is dropped. */
  private void add(ChatMessage message, boolean answers) {
    endCalls();
    messages.add(
        answers && thought.isPresent()
            ? message.with("reasoning_content", thought.get())
            : message);
    thought = Optional.empty();
    answering = answers;
  }

  private void endCalls() {
    if (!calls.isEmpty()) {
      int last = messages.size() - 1;
      messages.set(last, messages.get(last).with(CALLS, calls));
      calls = new ArrayList<>();
    }
  }

  private void thought(String at, Parameters fields) {
    fields.refuse("encrypted_content", encrypted -> false);
    fields.ignore("summary");
    Optional<String> more = fields.value("content").map(json -> content(at + ".content", json));
    // Reasoning of several items belongs to the answer after them.
    thought =
        more.map(text -> thought.map(before -> before + "\n" + text).orElse(text))
            .or(() -> thought);
    answering = false;
  }

  /** Adds a call to the assistant's message before it, if there is one. */
  private void call(String at, Parameters fields) {
    String id = text(at, fields, CALL_ID);
    called.add(id);
    if (!answering) {
      add(ChatMessage.assistant(""), true);
    }
    calls.add(Messages.toolCall(id, text(at, fields, "name"), text(at, fields, "arguments")));
  }

  private void result(String at, Parameters fields) {
    String id = text(at, fields, CALL_ID);
    if (!called.contains(id)) {
      throw Fault.parameter(
          at + "." + CALL_ID, "there is no function_call before it with '" + id + "'");
    }
    String content = content(at + ".output", fields.required("output"));
    add(ChatMessage.tool(content).with("tool_call_id", id), false);
  }

  private static String text(String at, Parameters fields, String name) {
    return fields
        .value(name)
        .filter(JsonNode::isTextual)
        .map(JsonNode::textValue)
        .orElseThrow(() -> Fault.parameter(at + "." + name, "expected a string"));
  }

  private static String content(String at, JsonNode json) {
    return Messages.content(at, json, TEXTS, READS);
  }
}
