package io.adapt4j.core.internal;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;

/**
 * Shared JSON configuration: numbers keep all their digits, and text after the first value is an
 * error. Thread-safe.
 */
public final class Json {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private static final ObjectReader STRICT =
      MAPPER
          .readerFor(JsonNode.class)
          .with(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .without(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS);

  private static final ObjectReader STRICT_PART =
      STRICT.without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final ObjectWriter INDENTED =
      MAPPER.writer(
          new DefaultPrettyPrinter()
              .withSeparators(
                  Separators.createDefaultInstance()
                      .withObjectFieldValueSpacing(Separators.Spacing.AFTER))
              .withArrayIndenter(new DefaultIndenter("  ", "\n"))
              .withObjectIndenter(new DefaultIndenter("  ", "\n")));

  private Json() {}

  /**
   * Parses one JSON value. Python's {@code NaN} and {@code Infinity} are accepted; of equal keys
   * the last one wins, as in Python.
   */
  public static JsonNode parse(String text) throws JsonProcessingException {
    try {
      return MAPPER.readTree(text);
    } catch (NumberFormatException e) {
      throw unreadable(e);
    }
  }

  /** Parses JSON that this library wrote. */
  public static JsonNode written(String text) {
    try {
      return parse(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("JSON that was written here could not be read", e);
    }
  }

  /** Parses one JSON value strictly by the JSON standard, rejecting duplicate keys. */
  public static JsonNode parseStrictly(String text) throws JsonProcessingException {
    try {
      return STRICT.readTree(text);
    } catch (NumberFormatException e) {
      throw unreadable(e);
    }
  }

  /** Parses what a reader gives as {@link #parseStrictly(String)} parses a text. */
  public static JsonNode parseStrictly(Reader text) throws IOException {
    try {
      return STRICT.readTree(text);
    } catch (NumberFormatException e) {
      throw unreadable(e);
    }
  }

  /**
   * Starts reading a document token by token, as strictly as {@link #parseStrictly}.
   *
   * @param in the document in UTF-8; the caller closes it
   */
  public static JsonParser parser(InputStream in) throws IOException {
    return STRICT.createParser(in);
  }

  /** Reads the value at the parser's position and leaves the parser at its last token. */
  public static JsonNode readTree(JsonParser parser) throws IOException {
    try {
      return STRICT_PART.readTree(parser);
    } catch (NumberFormatException e) {
      throw unreadable(e);
    }
  }

  /** Wraps the exception that Jackson throws for exponents out of range. */
  private static JsonParseException unreadable(NumberFormatException e) {
    return new JsonParseException(null, "a number is out of range: " + e.getMessage(), e);
  }

  /** Writes a value on one line without spaces. */
  public static String compact(JsonNode value) {
    return value.toString();
  }

  /** Writes a value indented by two spaces and ended by a line feed, as Hugging Face files are. */
  public static String indented(JsonNode value) {
    try {
      return INDENTED.writeValueAsString(value) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree could not be written as text", e);
    }
  }
}
