package io.adapt4j.structured;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Schemas that ask for what cannot be ensured, or for too much. */
@Timeout(60)
class SchemaLimitsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"properties\": {\"a\": {\"not\": {}}}}; #/properties/a/not: the keyword not is not"
            + " supported",
        "{\"if\": {}, \"then\": {}}; #/if: the keyword if is not supported. Offer the cases with"
            + " anyOf.",
        "{\"items\": {\"contains\": {}}}; #/items/contains: the keyword contains",
        "{\"dependentRequired\": {\"a\": [\"b\"]}}; #/dependentRequired: the keyword"
            + " dependentRequired",
        "{\"unevaluatedProperties\": false}; #/unevaluatedProperties: the keyword",
        "{\"uniqueItems\": true}; #/uniqueItems: the keyword uniqueItems",
        "{\"format\": \"idn-email\"}; #/format: the keyword format is not supported. The format"
            + " idn-email",
        "{\"multipleOf\": 0.3}; #/multipleOf: the keyword multipleOf",
        "{\"oneOf\": [{\"minLength\": 1}, {\"maxLength\": 3}]}; #/oneOf: expected alternatives",
        "{\"$ref\": \"other.json\"}; #/$ref: expected a place in this document, found other.json",
        "{\"$ref\": \"#/$defs/a\"}; #/$ref: expected a place in this document",
        "{\"$ref\": \"#\"}; #: the schema refers to itself with no value in between",
        "{\"pattern\": \"(?=a)\"}; #/pattern: expected a regular expression that is supported:"
            + " look-ahead",
        "{\"type\": \"text\"}; #/type: expected null, boolean",
        "{\"minLength\": -1}; #/minLength: expected an integer of at least 0, found -1",
        "{\"anyOf\": []}; #/anyOf: expected a list of schemas",
        "{\"minProperties\": 2}; #/minProperties: the keyword minProperties",
        "false; no text fulfills the constraint",
        "{\"type\": \"integer\", \"minimum\": 3, \"maximum\": 2}; no text fulfills the constraint",
        "{\"required\": [\"a\"], \"properties\": {\"a\": {\"$ref\": \"#\"}}, \"type\": \"object\"};"
            + " no text",
        "{\"type\"; #: expected JSON",
        "7; #: expected a schema",
        "{\"a\": 1, \"a\": 2}; #: expected JSON: Duplicate field 'a'"
      })
  void isRefusedByNamePlaceAndRemedy(String schema, String message) {
    assertThatExceptionOfType(UnsupportedConstraintException.class)
        .isThrownBy(() -> JsonSchema.parse(schema))
        .withMessageContaining(message);
  }

  static Stream<String> hostile() {
    String deep = "{\"items\":".repeat(5000) + "{}" + "}".repeat(5000);
    String large = "{\"description\": \"" + "x".repeat(5_000_000) + "\"}";
    String alternatives =
        IntStream.range(0, 12)
            .mapToObj(
                i -> "{\"anyOf\": [{\"minLength\": %d}, {\"maxLength\": %d}]}".formatted(i, i + 1))
            .collect(Collectors.joining(",", "{\"allOf\": [", "]}"));
    String states = "{\"pattern\": \"^(a|b)*a(a|b){18}$\", \"maxLength\": 30}";
    String counts =
        "{\"properties\": {%s}, \"minProperties\": 9000}"
            .formatted(
                IntStream.range(0, 9000)
                    .mapToObj(i -> "\"p" + i + "\": {}")
                    .collect(Collectors.joining(",")));
    String numbers = "{\"type\": \"number\", \"minimum\": 1e999999}";
    String nested = "{\"pattern\": \"" + "(".repeat(3000) + ")".repeat(3000) + "\"}";
    String repeated = "{\"pattern\": \"((((a{1000}){1000}){1000}){1000})\", \"maxLength\": 5}";
    String prefix = "{\"prefixItems\": [" + "{},".repeat(6000) + "{}]}";
    return Stream.of(deep, large, alternatives, states, counts, numbers, nested, repeated, prefix);
  }

  @ParameterizedTest
  @MethodSource
  void hostile(String schema) {
    assertThatExceptionOfType(UnsupportedConstraintException.class)
        .isThrownBy(() -> JsonSchema.parse(schema));
  }

  @Test
  void schemasThatContainThemselvesAreUsed() {
    assertThatCode(
            () ->
                JsonSchema.parse(
                    "{\"$defs\": {\"tree\": {\"type\": \"object\", \"properties\": {\"children\":"
                        + " {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/tree\"}}}}},"
                        + " \"$ref\": \"#/$defs/tree\"}"))
        .doesNotThrowAnyException();
  }

  @Test
  void largeSchemasAreUsed() {
    String properties =
        IntStream.range(0, 1000)
            .mapToObj(
                i -> "\"property%d\": {\"type\": \"string\", \"maxLength\": %d}".formatted(i, i))
            .collect(Collectors.joining(","));
    assertThatCode(() -> JsonSchema.parse("{\"properties\": {" + properties + "}}"))
        .doesNotThrowAnyException();
  }
}
