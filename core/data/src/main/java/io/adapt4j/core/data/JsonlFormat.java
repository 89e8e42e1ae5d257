package io.adapt4j.core.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;

/** One JSON object per line. */
final class JsonlFormat implements RecordFormat {

  @Override
  public void scan(SourceFile source, Sink sink) throws IOException {
    try (LineReader lines = new LineReader(source.content(), source.start())) {
      while (lines.next()) {
        if (lines.tooLong()) {
          sink.tooLong(lines.offset(), lines.number());
        } else if (!lines.isBlank()) {
          sink.row(
              lines.offset(),
              lines.length(),
              lines.number(),
              0,
              () -> object(RowProblem.decodeUtf8(lines.line(), 0, lines.length())));
        }
      }
    }
  }

  @Override
  public ObjectNode parse(byte[] line, int part) throws RowProblem {
    return object(RowProblem.decodeUtf8(line, 0, line.length));
  }

  private static ObjectNode object(String line) throws RowProblem {
    if (line.stripLeading().startsWith("[")) {
      throw new RowProblem(
          "expected a JSON object, found an array. Write one object a line, or state the format"
              + " JSON.");
    }
    JsonNode row;
    try {
      row = Json.parseStrictly(line);
    } catch (JsonProcessingException e) {
      throw new RowProblem(
          "not valid JSON: %s in %s. Correct the line."
              .formatted(firstLine(e.getOriginalMessage()), RowProblem.quote(line)));
    }
    if (row instanceof ObjectNode object) {
      return object;
    }
    throw new RowProblem(
        "expected a JSON object, found " + RowProblem.quote(line) + ". Write one object a line.");
  }

  static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }
}
