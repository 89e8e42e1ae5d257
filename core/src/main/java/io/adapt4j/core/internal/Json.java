package io.adapt4j.core.internal;

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

/**
 * The one JSON configuration of this module: numbers keep every digit they were written with, and
 * text after the first value is an error. Thread-safe.
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
   *
   * @param text the JSON text
   * @return the tree; a missing node if the text is empty
   * @throws JsonProcessingException if the text is not exactly one JSON value
   */
  public static JsonNode parse(String text) throws JsonProcessingException {
    return MAPPER.readTree(text);
  }

  /**
   * Parses one JSON value as the JSON standard has it, refusing duplicate keys.
   *
   * @param text the JSON text
   * @return the tree; a missing node if the text is empty
   * @throws JsonProcessingException if the text is not exactly one JSON value or repeats a key
   */
  public static JsonNode parseStrictly(String text) throws JsonProcessingException {
    return STRICT.readTree(text);
  }

  /**
   * Writes a value on one line without spaces.
   *
   * @param value the tree to write
   * @return the JSON text
   */
  public static String compact(JsonNode value) {
    return value.toString();
  }

  /**
   * Writes a value indented by two spaces and ended by a line feed, as Hugging Face files are.
   *
   * @param value the tree to write
   * @return the JSON text
   */
  public static String indented(JsonNode value) {
    try {
      return INDENTED.writeValueAsString(value) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree could not be written as text", e);
    }
  }
}
