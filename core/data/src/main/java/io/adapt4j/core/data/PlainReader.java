package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Reads rows of text, prompt and completion, or messages, recognized row by row. */
final class PlainReader implements ExampleReader {

  static final String SHAPES =
      "Write one object a line: {\"text\": ...}, {\"prompt\": ..., \"completion\": ...} or"
          + " {\"messages\": [...]}.";

  @Override
  public Example read(ObjectNode row) throws RowProblem {
    if (row.has("messages") && !row.has("text") && !row.has("completion")) {
      return Conversations.chat(row, Shape.MESSAGES);
    }
    boolean text = row.has("text");
    boolean pair = row.has("prompt") || row.has("completion");
    if (text && pair) {
      throw new RowProblem(
          "field 'text': expected it alone, found it beside 'prompt' or 'completion'. " + SHAPES);
    }
    if (text) {
      return new Example.Text(content(row, "text", false));
    }
    if (!pair) {
      throw new RowProblem(
          "expected field 'text', or 'prompt' and 'completion', found "
              + RowProblem.quote(
                  row.properties().stream().map(field -> field.getKey()).toList().toString())
              + ". "
              + SHAPES);
    }
    return new Example.PromptCompletion(
        content(row, "prompt", true), content(row, "completion", false));
  }

  static String content(ObjectNode row, String field, boolean mayBeEmpty) throws RowProblem {
    JsonNode value = row.path(field);
    if (!value.isTextual()) {
      throw new RowProblem(
          "field '" + field + "': expected a text, found " + RowProblem.quote(value) + ".");
    }
    return requireContent(field, value.textValue(), mayBeEmpty);
  }

  static String requireContent(String field, String text, boolean mayBeEmpty) throws RowProblem {
    if (text.isEmpty() && !mayBeEmpty) {
      throw new RowProblem(
          "field '" + field + "': expected a text to learn, found an empty one. Remove the row.");
    }
    RowProblem.requireUnicode(field, text);
    return text;
  }
}
