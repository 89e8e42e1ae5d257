package io.adapt4j.studio.internal.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Content of a path: rows, documents or a model. */
public record Inspection(
    Kind kind,
    Map<String, Integer> files,
    long bytes,
    long rows,
    long malformed,
    String shape,
    List<String> columns,
    List<String> unused,
    long letters,
    String problem) {

  /** Kinds of things that a path may hold. */
  public enum Kind {
    ROWS,
    DOCUMENTS,
    MODEL,
    OTHER
  }

  /** Uses of a path's content. */
  public enum Use {
    CHAT,
    CLASSES,
    TAGS,
    EMBEDDINGS,
    PREFERENCES,
    REWARDS,
    LANGUAGE,
    RAG,
    SERVE
  }

  public Inspection {
    files = new LinkedHashMap<>(files);
    columns = List.copyOf(columns);
    unused = List.copyOf(unused);
  }

  /** Returns what can be made of it, the most likely first. */
  public List<Use> uses() {
    return switch (kind) {
      case DOCUMENTS -> List.of(Use.RAG, Use.LANGUAGE);
      case MODEL -> List.of(Use.SERVE);
      case OTHER -> List.of();
      case ROWS -> usesOfRows();
    };
  }

  private List<Use> usesOfRows() {
    return switch (shape) {
      case "PROMPT_COMPLETION", "INSTRUCTION", "MESSAGES", "CONVERSATIONS", "SUMMARY" ->
          List.of(Use.CHAT);
      case "QUESTION_ANSWER" -> List.of(Use.CHAT, Use.RAG);
      case "TEXT" -> List.of(Use.LANGUAGE, Use.RAG);
      case "CLASSIFICATION" -> List.of(Use.CLASSES);
      case "TAGGED" -> List.of(Use.TAGS);
      case "QUERY_PASSAGE" -> List.of(Use.EMBEDDINGS, Use.RAG);
      case "PREFERENCE", "UNPAIRED_PREFERENCE" -> List.of(Use.PREFERENCES);
      case "PROMPT" -> List.of(Use.REWARDS);
      default -> List.of();
    };
  }

  /** Returns whether it has rows that the doctor and the plan can work with. */
  public boolean isReadable() {
    return kind == Kind.ROWS && !shape.isEmpty() && rows > 0;
  }

  static Inspection of(JsonNode json) {
    Map<String, Integer> files = new LinkedHashMap<>();
    json.path("files")
        .properties()
        .forEach(each -> files.put(each.getKey(), each.getValue().asInt()));
    return new Inspection(
        Kind.valueOf(json.path("kind").asText("OTHER")),
        files,
        json.path("bytes").asLong(),
        json.path("rows").asLong(),
        json.path("malformed").asLong(),
        json.path("shape").asText(),
        texts(json.path("columns")),
        texts(json.path("unused")),
        json.path("letters").asLong(),
        json.path("problem").asText());
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("kind", kind.name());
    ObjectNode counts = json.putObject("files");
    files.forEach(counts::put);
    json.put("bytes", bytes).put("rows", rows).put("malformed", malformed).put("shape", shape);
    columns.forEach(json.putArray("columns")::add);
    unused.forEach(json.putArray("unused")::add);
    return json.put("letters", letters).put("problem", problem);
  }
}
