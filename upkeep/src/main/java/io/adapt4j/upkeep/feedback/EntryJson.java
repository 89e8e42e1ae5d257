package io.adapt4j.upkeep.feedback;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.PlainJson;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Entries of a log as lines of JSON, each with a checksum. */
final class EntryJson {

  private static final String KIND = "kind";
  private static final String CUSTOMER = "customer";

  private EntryJson() {}

  /**
   * First line of a log.
   *
   * @param generation differs after every rewriting of the file
   * @param salt key of the customers' hashes; empty if plain keys are kept
   */
  record Header(String generation, String salt) {}

  /** Ids of entries that were removed on a customer's request. */
  record Forgotten(Instant time, List<String> ids) {}

  /**
   * Reads a line.
   *
   * @return a header, an answer, feedback, forgotten ids, or an entry of an unknown kind as JSON
   */
  static Object parse(String line) throws IOException {
    JsonNode json = CheckedJson.ofLine(line);
    return switch (text(json, KIND)) {
      case "header" -> header(text(json, "generation"), text(json, "salt"));
      case "answer" -> answer(json);
      case "feedback" -> feedback(json);
      case "forgotten" -> {
        List<String> ids = new ArrayList<>();
        json.path("ids").forEach(id -> ids.add(id.asText()));
        yield new Forgotten(time(json), ids);
      }
      default -> json;
    };
  }

  private static Header header(String generation, String salt) {
    if (!salt.matches("([0-9a-f]{2})*")) {
      throw new IllegalArgumentException("its salt is not hexadecimal");
    }
    return new Header(generation, salt);
  }

  static String line(Header header) {
    ObjectNode json = of("header").put("generation", header.generation());
    return CheckedJson.line(json.put("salt", header.salt()));
  }

  static String line(Forgotten forgotten) {
    ObjectNode json = of("forgotten").put("time", forgotten.time().toString());
    json.set("ids", PlainJson.tree(forgotten.ids()));
    return CheckedJson.line(json);
  }

  static String line(RecordedAnswer answer) {
    ObjectNode json = of("answer").put("id", answer.id()).put("time", answer.time().toString());
    json.put("version", answer.version());
    answer.customer().ifPresent(key -> json.put(CUSTOMER, key));
    json.put("consent", answer.consent());
    if (answer.hasContent()) {
      ArrayNode request = json.putArray("request");
      answer.request().forEach(message -> request.add(PlainJson.object(message.fields())));
      json.put("text", answer.text());
    }
    return CheckedJson.line(json);
  }

  static String line(Feedback feedback) {
    ObjectNode json = of("feedback").put("id", feedback.id()).put("answer", feedback.answer());
    json.put("time", feedback.time().toString());
    feedback.customer().ifPresent(key -> json.put(CUSTOMER, key));
    json.put("consent", feedback.consent());
    Judgment judgment = feedback.judgment();
    judgment.rating().ifPresent(rating -> json.put("rating", rating.toString()));
    judgment.correction().ifPresent(text -> json.put("correction", text));
    judgment.preferredOver().ifPresent(id -> json.put("preferredOver", id));
    judgment.flag().ifPresent(text -> json.put("flag", text));
    return CheckedJson.line(json);
  }

  private static ObjectNode of(String kind) {
    return JsonNodeFactory.instance.objectNode().put(KIND, kind);
  }

  private static RecordedAnswer answer(JsonNode json) {
    List<ChatMessage> request = new ArrayList<>();
    json.path("request").forEach(message -> request.add(message(message)));
    return new RecordedAnswer(
        text(json, "id"),
        time(json),
        text(json, "version"),
        find(json, CUSTOMER),
        json.path("consent").asBoolean(),
        request,
        json.path("text").asText());
  }

  private static ChatMessage message(JsonNode json) {
    Map<String, Object> fields = new LinkedHashMap<>();
    json.properties()
        .forEach(field -> fields.put(field.getKey(), PlainJson.value(field.getValue())));
    return ChatMessage.of(fields);
  }

  private static Feedback feedback(JsonNode json) {
    return new Feedback(
        text(json, "id"),
        text(json, "answer"),
        time(json),
        find(json, CUSTOMER),
        json.path("consent").asBoolean(),
        new Judgment(
            find(json, "rating").map(Rating::parse),
            find(json, "correction"),
            find(json, "preferredOver"),
            find(json, "flag")));
  }

  private static Instant time(JsonNode json) {
    try {
      return Instant.parse(text(json, "time"));
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("its time cannot be read", e);
    }
  }

  private static String text(JsonNode json, String field) {
    return find(json, field)
        .orElseThrow(() -> new IllegalArgumentException("it has no text '" + field + "'"));
  }

  private static Optional<String> find(JsonNode json, String field) {
    return Optional.ofNullable(json.path(field).textValue());
  }
}
