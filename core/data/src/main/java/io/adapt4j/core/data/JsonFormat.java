package io.adapt4j.core.data;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The objects of an array in one JSON document. A paragraph of SQuAD, an object with a context and
 * a list of questions, becomes one row per question.
 *
 * @param rowsAt the field that contains the rows; null to detect it
 */
record JsonFormat(@Nullable String rowsAt) implements RecordFormat {

  private static final String PARAGRAPHS = "paragraphs";
  private static final String QUESTIONS = "qas";
  private static final String CONTEXT = "context";

  @Override
  public void scan(SourceFile source, Sink sink) throws IOException {
    try {
      String field = rowsAt != null ? rowsAt : onlyArray(source);
      try (InputStream in = open(source);
          JsonParser parser = Json.parser(in)) {
        JsonToken first = parser.nextToken();
        if (first == null) {
          return;
        }
        if (first == JsonToken.START_ARRAY) {
          elements(source, parser, sink);
        } else if (first == JsonToken.START_OBJECT && field != null) {
          elementsOf(source, parser, field, sink);
        } else if (first == JsonToken.START_OBJECT) {
          record(source, parser, sink);
        } else {
          throw new DatasetException(
              source.file() + ": expected an array of JSON objects, found a " + first + ".");
        }
        if (parser.nextToken() != null) {
          throw new DatasetException(
              source.file()
                  + ": expected one JSON document, found more after it in line "
                  + parser.currentTokenLocation().getLineNr()
                  + ". State the format JSONL if it has one object a line.");
        }
      }
    } catch (JsonProcessingException e) {
      throw new DatasetException(
          String.format(
              "%s: line %d: not valid JSON: %s. Nothing can be read from there on: correct the"
                  + " document.",
              source.file(),
              e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
              JsonlFormat.firstLine(e.getOriginalMessage())),
          e);
    } catch (CharConversionException e) {
      throw new DatasetException(
          source.file() + ": expected UTF-8, found other bytes. State the file's encoding.", e);
    }
  }

  private static InputStream open(SourceFile source) throws IOException {
    InputStream in = Files.newInputStream(source.content());
    try {
      in.skipNBytes(source.start());
      return in;
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  /**
   * Returns the only field of a top-level object that is an array of objects; null if there is
   * none.
   */
  private static @Nullable String onlyArray(SourceFile source) throws IOException {
    List<String> arrays = new ArrayList<>();
    try (InputStream in = open(source);
        JsonParser parser = Json.parser(in)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        if (parser.nextToken() == JsonToken.START_ARRAY) {
          if (parser.nextToken() == JsonToken.START_OBJECT) {
            arrays.add(name);
            parser.skipChildren();
          }
          finishArray(parser);
        } else {
          parser.skipChildren();
        }
      }
    }
    // A conversation is a single row, not a list of rows.
    if (arrays.size() == 1 && !List.of("messages", "conversations").contains(arrays.get(0))) {
      return arrays.get(0);
    }
    if (arrays.size() > 1 && !arrays.contains("messages") && !arrays.contains("conversations")) {
      throw new DatasetException(
          "%s: expected one array of rows, found several: %s. State the field with rowsAt."
              .formatted(source.file(), arrays));
    }
    return null;
  }

  private static void finishArray(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    // The parser is at the first element's last token, or at the end of an empty array.
    while (token != null && token != JsonToken.END_ARRAY) {
      token = parser.nextToken();
      if (token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY) {
        parser.skipChildren();
        token = JsonToken.VALUE_NULL;
      }
    }
  }

  private static void elementsOf(SourceFile source, JsonParser parser, String field, Sink sink)
      throws IOException {
    List<String> found = new ArrayList<>();
    boolean any = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      found.add(name);
      JsonToken value = parser.nextToken();
      if (name.equals(field) && value == JsonToken.START_ARRAY) {
        any = true;
        elements(source, parser, sink);
      } else {
        parser.skipChildren();
      }
    }
    if (!any) {
      throw new DatasetException(
          source.file() + ": expected an array in field '" + field + "', found fields " + found);
    }
  }

  private static void elements(SourceFile source, JsonParser parser, Sink sink) throws IOException {
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() == null) {
        return;
      }
      record(source, parser, sink);
    }
  }

  private static void record(SourceFile source, JsonParser parser, Sink sink) throws IOException {
    long start = offset(source, parser.currentTokenLocation().getByteOffset());
    long line = parser.currentTokenLocation().getLineNr();
    JsonNode element = Json.readTree(parser);
    if (element.isValueNode()) {
      // Strings are read lazily; only then is their end known.
      parser.getText();
    }
    long length = offset(source, parser.currentLocation().getByteOffset()) - start;
    if (element instanceof ObjectNode article && article.path(PARAGRAPHS).isArray()) {
      paragraphs(article, start, line, (int) Math.min(length, Integer.MAX_VALUE), sink);
    } else if (length > LineReader.LONGEST_LINE) {
      sink.tooLong(start, line);
    } else {
      for (int part = 0; part < parts(element); part++) {
        int number = part;
        sink.row(start, (int) length, line, part, () -> row(element, number));
      }
    }
  }

  private static void paragraphs(ObjectNode article, long start, long line, int length, Sink sink)
      throws IOException {
    int part = 0;
    for (JsonNode paragraph : article.path(PARAGRAPHS)) {
      for (int i = 0; i < parts(paragraph); i++) {
        int inParagraph = i;
        if (length > LineReader.LONGEST_LINE) {
          sink.tooLong(start, line);
        } else {
          sink.row(start, length, line, part++, () -> row(paragraph, inParagraph));
        }
      }
    }
  }

  private static long offset(SourceFile source, long inDocument) {
    if (inDocument < 0) {
      throw new DatasetException(
          source.file() + ": expected UTF-8, found UTF-16 or UTF-32. State the file's encoding.");
    }
    return source.start() + inDocument;
  }

  @Override
  public ObjectNode parse(byte[] bytes, int part) throws RowProblem {
    JsonNode element;
    try {
      element = Json.parseStrictly(RowProblem.decodeUtf8(bytes, 0, bytes.length));
    } catch (JsonProcessingException e) {
      throw new RowProblem("not valid JSON: " + JsonlFormat.firstLine(e.getOriginalMessage()));
    }
    if (element.path(PARAGRAPHS).isArray()) {
      int before = 0;
      for (JsonNode paragraph : element.path(PARAGRAPHS)) {
        int parts = parts(paragraph);
        if (part < before + parts) {
          return row(paragraph, part - before);
        }
        before += parts;
      }
      throw new RowProblem("the question is gone");
    }
    return row(element, part);
  }

  private static int parts(JsonNode element) {
    return element.path(CONTEXT).isTextual() && element.path(QUESTIONS).isArray()
        ? element.path(QUESTIONS).size()
        : 1;
  }

  private static ObjectNode row(JsonNode element, int part) throws RowProblem {
    if (!(element instanceof ObjectNode object)) {
      throw new RowProblem("expected a JSON object, found " + RowProblem.quote(element) + ".");
    }
    if (!object.path(CONTEXT).isTextual() || !object.path(QUESTIONS).isArray()) {
      return object;
    }
    JsonNode question = object.path(QUESTIONS).path(part);
    if (!(question instanceof ObjectNode fields)) {
      throw new RowProblem(
          "field 'qas': expected objects, found " + RowProblem.quote(question) + ".");
    }
    ObjectNode row = fields.deepCopy();
    row.set(CONTEXT, object.get(CONTEXT));
    return row;
  }
}
