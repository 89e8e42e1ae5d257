package io.adapt4j.core.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads messages in the formats of OpenAI ({@code role}, {@code content}) and ShareGPT ({@code
 * from}, {@code value}).
 */
final class Conversations {

  /** Roles by their known names in {@code from}. */
  private static final Map<String, String> ROLES =
      Map.ofEntries(
          Map.entry("system", "system"),
          Map.entry("human", "user"),
          Map.entry("user", "user"),
          Map.entry("gpt", "assistant"),
          Map.entry("chatgpt", "assistant"),
          Map.entry("bard", "assistant"),
          Map.entry("bing", "assistant"),
          Map.entry("assistant", "assistant"),
          Map.entry("model", "assistant"),
          Map.entry("tool", "tool"),
          Map.entry("observation", "tool"));

  private static final String FUNCTION_CALL = "function_call";

  private Conversations() {}

  static Example chat(ObjectNode row, Shape shape) throws RowProblem {
    String field = field(row, shape);
    List<ChatMessage> messages = new ArrayList<>(system(row));
    messages.addAll(messages(row, field));
    List<ChatMessage> placed = RowPictures.placed(messages, row);
    return made(() -> new Example.Chat(placed, tools(row.path("tools"))));
  }

  private static String field(ObjectNode row, Shape shape) {
    return shape.find(row, shape == Shape.MESSAGES ? "messages" : "conversations");
  }

  /** Returns whether a row is a conversation without assistant messages. */
  static boolean isPrompt(ObjectNode row, Shape shape) {
    if (shape != Shape.MESSAGES && shape != Shape.CONVERSATIONS) {
      return false;
    }
    JsonNode messages = row.path(field(row, shape));
    boolean asks = messages.isArray() && !messages.isEmpty();
    for (JsonNode message : messages) {
      String from = message.path("from").asText();
      String role = message.has("role") ? message.path("role").asText() : ROLES.get(from);
      asks &= message.isObject() && !"assistant".equals(role) && !from.equals(FUNCTION_CALL);
    }
    return asks;
  }

  /** Returns the field of the prompt: {@code prompt}, else a conversation. */
  static String promptField(ObjectNode row) {
    return Stream.of("prompt", field(row, Shape.MESSAGES), field(row, Shape.CONVERSATIONS))
        .filter(row::has)
        .findFirst()
        .orElse("prompt");
  }

  /** Reads a conversation to be answered; one that contains answers is accepted too. */
  static Example prompt(ObjectNode row) throws RowProblem {
    String field = promptField(row);
    List<ChatMessage> messages = new ArrayList<>(system(row));
    messages.addAll(messages(row, field));
    boolean answered = messages.stream().anyMatch(Example.Chat::isOfAssistant);
    return made(
        () ->
            answered && !field.equals("prompt")
                ? new Example.Chat(messages, tools(row.path("tools")))
                : new Example.ChatPrompt(messages, tools(row.path("tools"))));
  }

  /** Returns a user message as a conversation, after a given system message or the row's. */
  static Example prompt(ObjectNode row, @Nullable String system, String prompt) throws RowProblem {
    List<ChatMessage> messages = new ArrayList<>();
    messages.addAll(system == null ? system(row) : List.of(ChatMessage.system(system)));
    messages.add(ChatMessage.user(prompt));
    return made(() -> new Example.ChatPrompt(messages, tools(row.path("tools"))));
  }

  /** Returns a conversation of a prompt and its answer. */
  static Example turn(@Nullable String system, String prompt, String completion) throws RowProblem {
    List<ChatMessage> messages = new ArrayList<>();
    if (system != null) {
      messages.add(ChatMessage.system(system));
    }
    messages.add(ChatMessage.user(prompt));
    messages.add(ChatMessage.assistant(completion));
    return made(() -> new Example.Chat(messages));
  }

  /** Reads a preference whose answers are messages; their common prefix is the prompt. */
  static Example preference(ObjectNode row, Shape shape) throws RowProblem {
    List<ChatMessage> prompt = prompt(row, shape);
    List<ChatMessage> chosen = messages(row, "chosen");
    List<ChatMessage> rejected = messages(row, "rejected");
    int shared = shared(chosen, rejected);
    if (shared > 0) {
      // The answers contain the whole conversation, including the prompt.
      prompt.removeIf(message -> !message.role().equals("system"));
      chosen.subList(0, shared).stream()
          .filter(message -> !prompt.contains(message))
          .forEach(prompt::add);
    }
    return preference(
        prompt, chosen.subList(shared, chosen.size()), rejected.subList(shared, rejected.size()));
  }

  /** Returns a preference from two conversations with a common prefix. */
  static Example preference(List<ChatMessage> chosen, List<ChatMessage> rejected)
      throws RowProblem {
    int shared = shared(chosen, rejected);
    return preference(
        chosen.subList(0, shared),
        chosen.subList(shared, chosen.size()),
        rejected.subList(shared, rejected.size()));
  }

  private static Example preference(
      List<ChatMessage> prompt, List<ChatMessage> chosen, List<ChatMessage> rejected)
      throws RowProblem {
    requireContent("chosen", chosen);
    requireContent("rejected", rejected);
    if (chosen.equals(rejected)) {
      throw PreferenceReader.alike();
    }
    return made(() -> new Example.ChatPreference(prompt, chosen, rejected));
  }

  /** Returns the length of the common prefix, without the last message of either. */
  private static int shared(List<ChatMessage> chosen, List<ChatMessage> rejected) {
    int shared = 0;
    while (shared < Math.min(chosen.size(), rejected.size()) - 1
        && chosen.get(shared).equals(rejected.get(shared))) {
      shared++;
    }
    return shared;
  }

  /** Reads an unpaired preference whose answer is messages, or becomes one. */
  static Example unpaired(ObjectNode row, Shape shape, boolean desirable) throws RowProblem {
    List<ChatMessage> prompt = prompt(row, shape);
    String field = shape.find(row, "completion");
    List<ChatMessage> completion =
        row.path(field).isTextual()
            ? List.of(ChatMessage.assistant(PlainReader.content(row, field, false)))
            : messages(row, field);
    requireContent(field, completion);
    return made(() -> new Example.ChatUnpairedPreference(prompt, completion, desirable));
  }

  /** Rejects an answer whose messages are all empty. */
  private static void requireContent(String field, List<ChatMessage> answer) throws RowProblem {
    boolean says =
        answer.stream()
            .anyMatch(
                message ->
                    !"".equals(message.content()) || message.fields().get("tool_calls") != null);
    if (!says) {
      throw new RowProblem(
          "field '"
              + field
              + "': expected a message to learn, found an empty one. Remove the row.");
    }
  }

  private static List<ChatMessage> prompt(ObjectNode row, Shape shape) throws RowProblem {
    String field = shape.find(row, "prompt");
    List<ChatMessage> prompt = new ArrayList<>(system(row));
    if (row.path(field).isTextual()) {
      prompt.add(ChatMessage.user(PlainReader.content(row, field, false)));
    } else if (row.hasNonNull(field)) {
      prompt.addAll(messages(row, field));
    }
    return prompt;
  }

  private static List<ChatMessage> system(ObjectNode row) throws RowProblem {
    return row.path("system").isTextual() && !row.path("system").textValue().isEmpty()
        ? List.of(ChatMessage.system(PlainReader.content(row, "system", false)))
        : List.of();
  }

  private static List<ChatMessage> messages(ObjectNode row, String field) throws RowProblem {
    JsonNode value = row.path(field);
    if (value.isObject()) {
      List<ChatMessage> list = new ArrayList<>();
      list.add(message(value, field));
      return list;
    }
    if (!value.isArray() || value.isEmpty()) {
      throw new RowProblem(
          "field '" + field + "': expected messages, found " + RowProblem.quote(value) + ".");
    }
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < value.size(); i++) {
      messages.add(message(value.get(i), field + "[" + i + "]"));
    }
    return messages;
  }

  private static ChatMessage message(JsonNode value, String place) throws RowProblem {
    try {
      return messageOf(value, place);
    } catch (IllegalArgumentException e) {
      throw new RowProblem("field '" + place + "': " + e.getMessage() + ".");
    }
  }

  private static ChatMessage messageOf(JsonNode value, String place) throws RowProblem {
    if (!(value instanceof ObjectNode message)) {
      throw new RowProblem(
          "field '" + place + "': expected a message, found " + RowProblem.quote(value) + ".");
    }
    requireUnicode(message, place);
    if (message.has("from") && !message.has("role")) {
      return shared(message, place);
    }
    if (!message.path("role").isTextual()) {
      throw new RowProblem(
          "field '%s': expected 'role' and 'content', or 'from' and 'value', found %s."
              .formatted(place, RowProblem.quote(message)));
    }
    JsonNode content = message.path("content");
    boolean calls = message.hasNonNull("tool_calls");
    if (!content.isTextual() && !content.isArray() && !calls) {
      throw new RowProblem(
          "field '%s.content': expected a text or parts, found %s."
              .formatted(place, RowProblem.quote(content)));
    }
    return ChatMessage.of(fields(message));
  }

  private static ChatMessage shared(ObjectNode message, String place) throws RowProblem {
    String from = PlainReader.content(message, "from", false);
    String value = PlainReader.content(message, "value", true);
    if (from.equals(FUNCTION_CALL)) {
      return call(value, place);
    }
    String role = ROLES.get(from);
    if (role == null) {
      throw new RowProblem(
          "field '%s.from': expected one of %s or %s, found %s."
              .formatted(
                  place,
                  ROLES.keySet().stream().sorted().toList(),
                  FUNCTION_CALL,
                  RowProblem.quote(from)));
    }
    return ChatMessage.of(role, value);
  }

  private static ChatMessage call(String value, String place) throws RowProblem {
    try {
      if (Json.parseStrictly(value) instanceof ObjectNode function) {
        Map<String, Object> call = Map.of("type", "function", "function", fields(function));
        return ChatMessage.assistant("").with("tool_calls", List.of(call));
      }
    } catch (JsonProcessingException e) {
      // Reported below, like any other value.
    }
    throw new RowProblem(
        "field '%s.value': expected the JSON of a function call, found %s."
            .formatted(place, RowProblem.quote(value)));
  }

  /** Reads tools from a list, or from a string with the JSON of one. */
  private static List<Map<String, Object>> tools(JsonNode value) {
    JsonNode list = value;
    if (value.isTextual() && !value.textValue().isBlank()) {
      try {
        list = Json.parseStrictly(value.textValue());
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException(
            "field 'tools': expected a list, found " + RowProblem.quote(value), e);
      }
    }
    List<Map<String, Object>> tools = new ArrayList<>();
    if (list.isArray()) {
      for (JsonNode tool : list) {
        if (!(tool instanceof ObjectNode object)) {
          throw new IllegalArgumentException(
              "field 'tools': expected objects, found " + RowProblem.quote(tool));
        }
        tools.add(fields(object));
      }
    } else if (!list.isMissingNode() && !list.isNull() && !list.isTextual()) {
      throw new IllegalArgumentException(
          "field 'tools': expected a list, found " + RowProblem.quote(list));
    }
    return tools;
  }

  private static Map<String, Object> fields(ObjectNode object) {
    Map<String, Object> fields = new LinkedHashMap<>();
    object.properties().forEach(field -> fields.put(field.getKey(), Row.plain(field.getValue())));
    return fields;
  }

  private static void requireUnicode(JsonNode value, String place) throws RowProblem {
    if (value.isTextual()) {
      RowProblem.requireUnicode(place, value.textValue());
    }
    for (JsonNode part : value) {
      requireUnicode(part, place);
    }
  }

  /** Creates an example, reporting its validation errors as the row's. */
  private static Example made(Supplier<Example> example) throws RowProblem {
    try {
      return example.get();
    } catch (IllegalArgumentException e) {
      throw new RowProblem(e.getMessage() + ".");
    }
  }
}
