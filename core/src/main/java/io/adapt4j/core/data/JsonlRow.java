package io.adapt4j.core.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.UnpairedSurrogates;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** One line of a JSON Lines file. */
final class JsonlRow {

  static final String SHAPES =
      "Write one object a line: {\"text\": ...} or {\"prompt\": ..., \"completion\": ...}.";

  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
  private static final int LONGEST_QUOTE = 60;

  private JsonlRow() {}

  /** What is wrong with a row, with the remedy but without file and line. */
  static final class Problem extends Exception {

    private static final long serialVersionUID = 1L;

    Problem(String message) {
      super(message);
    }
  }

  static boolean isBlank(byte[] line, int length, boolean firstOfFile) {
    for (int i = firstOfFile ? markLength(line, length) : 0; i < length; i++) {
      if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
        return false;
      }
    }
    return true;
  }

  static Example parse(byte[] line, int length, boolean firstOfFile) throws Problem {
    int start = firstOfFile ? markLength(line, length) : 0;
    JsonNode row = object(decode(line, start, length - start));
    boolean text = row.has("text");
    boolean pair = row.has("prompt") || row.has("completion");
    if (text && pair) {
      throw new Problem(
          "field 'text': expected it alone, found it beside 'prompt' or 'completion'. " + SHAPES);
    }
    if (text) {
      return new Example.Text(content(row, "text", false));
    }
    if (!pair) {
      throw new Problem(
          "expected field 'text', or 'prompt' and 'completion', found "
              + quote(row.properties().stream().map(field -> field.getKey()).toList().toString())
              + ". "
              + SHAPES);
    }
    return new Example.PromptCompletion(
        content(row, "prompt", true), content(row, "completion", false));
  }

  private static int markLength(byte[] line, int length) {
    boolean marked =
        length >= 3
            && line[0] == BYTE_ORDER_MARK[0]
            && line[1] == BYTE_ORDER_MARK[1]
            && line[2] == BYTE_ORDER_MARK[2];
    return marked ? BYTE_ORDER_MARK.length : 0;
  }

  private static String decode(byte[] line, int start, int length) throws Problem {
    ByteBuffer bytes = ByteBuffer.wrap(line, start, length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new Problem(
          "expected UTF-8, found other bytes at byte "
              + (bytes.position() + 1)
              + " of the line. Convert the file to UTF-8.");
    }
  }

  private static JsonNode object(String line) throws Problem {
    if (line.stripLeading().startsWith("[")) {
      throw new Problem("expected a JSON object, found an array. " + SHAPES);
    }
    JsonNode row;
    try {
      row = Json.parseStrictly(line);
    } catch (JsonProcessingException e) {
      throw new Problem(
          "not valid JSON: "
              + firstLine(e.getOriginalMessage())
              + " in "
              + quote(line)
              + ". Correct the line.");
    }
    if (!row.isObject()) {
      throw new Problem("expected a JSON object, found " + quote(line) + ". " + SHAPES);
    }
    return row;
  }

  private static String content(JsonNode row, String field, boolean mayBeEmpty) throws Problem {
    JsonNode value = row.path(field);
    if (!value.isTextual()) {
      String found = value.isMissingNode() ? "nothing" : quote(value.toString());
      throw new Problem("field '" + field + "': expected a text, found " + found + ". " + SHAPES);
    }
    String text = value.textValue();
    if (text.isEmpty() && !mayBeEmpty) {
      throw new Problem(
          "field '" + field + "': expected a text to learn, found an empty one. Remove the row.");
    }
    int surrogate = UnpairedSurrogates.indexIn(text);
    if (surrogate >= 0) {
      throw new Problem(
          String.format(
              "field '%s': expected valid Unicode, found the unpaired surrogate U+%04X at"
                  + " character %d. Check how the text was cut.",
              field, (int) text.charAt(surrogate), surrogate));
    }
    return text;
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }

  private static String quote(String text) {
    String stripped = text.strip();
    return stripped.length() <= LONGEST_QUOTE
        ? stripped
        : stripped.substring(0, LONGEST_QUOTE) + "...";
  }
}
