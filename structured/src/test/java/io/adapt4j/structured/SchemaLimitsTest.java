package io.adapt4j.structured;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.TokenMask;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Schemas that ask for what cannot be ensured, or for too much. */
@Timeout(60)
class SchemaLimitsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"not\": {\"format\": \"date\"}}; #/not/format: the keyword format is not supported",
        "{\"not\": {\"$ref\": \"#\"}}; #: the schema refers to itself with no value in between",
        "{\"type\": \"array\", \"not\": {\"const\": [1]}}; #/not/const/not: the keyword not is not",
        "{\"if\": {\"uniqueItems\": true}, \"then\": {}}; #/if/uniqueItems: the keyword uniqueItems",
        "{\"contains\": {}, \"maxContains\": 2}; #/maxContains: the keyword maxContains",
        "{\"contains\": {}, \"minContains\": 9999}; #/contains: expected few elements",
        "{\"unevaluatedItems\": false}; #/unevaluatedItems: the keyword",
        "{\"required\": true}; #/required: expected a list of names, found true",
        "{\"properties\": {\"a\": {\"maxlength\": 3}}}; #/properties/a/maxlength: the keyword maxlength"
            + " is not supported. Did you mean maxLength?",
        "{\"format\": \"datetime\"}; #/format: the keyword format is not supported. The format datetime"
            + " is not; did you mean date-time?",
        "{\"uniqueItems\": true}; #/uniqueItems: the keyword uniqueItems",
        "{\"items\": {\"type\": \"string\"}, \"uniqueItems\": true}; #/uniqueItems: the keyword uniqueItems",
        "{\"additonalProperties\": false}; #/additonalProperties: the keyword additonalProperties is not"
            + " supported. Did you mean additionalProperties?",
        "{\"properties\": {\"a\": {\"patern\": \"b\"}}}; #/properties/a/patern: the keyword patern is not"
            + " supported. Did you mean pattern?",
        "{\"bsonType\": \"string\"}; #/bsonType: the keyword bsonType is not supported. Use type.",
        "{\"range\": [1, 2]}; #/range: the keyword range is not supported. Use minimum and maximum.",
        "{\"format\": \"color\"}; #/format: the keyword format is not supported. The format color is not;"
            + " give a pattern instead.",
        "{\"pattern\": 5}; #/pattern: expected a text, found 5",
        "{\"prefixItems\": {}}; #/prefixItems: expected a list of schemas, found {}",
        "{\"patternProperties\": []}; #/patternProperties: expected an object, found []",
        "{\"dependentRequired\": {\"a\": \"b\"}}; #/dependentRequired: expected lists of names",
        "{\"nullable\": \"yes\"}; #/nullable: expected true or false, found \"yes\"",
        "{\"format\": \"idn-email\"}; #/format: the keyword format is not supported. The format"
            + " idn-email",
        "{\"multipleOf\": 0.3}; #/multipleOf: the keyword multipleOf",
        "{\"oneOf\": [{\"multipleOf\": 2}, {\"multipleOf\": 3}]}; #/oneOf: expected alternatives",
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
    refuses(UnsupportedConstraintException.class, () -> JsonSchema.parse(schema), message);
  }

  /** What says nothing about values: by the standard, keywords that no vocabulary has, too. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"title\": \"a\", \"default\": \"b\", \"examples\": [\"c\"], \"deprecated\": true",
        "\"x-order\": 3, \"markdownDescription\": \"*a*\", \"order\": 3, \"units\": \"m\"",
        "\"discriminator\": {\"propertyName\": \"a\"}, \"xml\": {}, \"example\": \"a\"",
        "\"format\": \"password\"",
        "\"format\": \"int32\""
      })
  void annotationsChangeNothing(String annotations) {
    TextConstraint plain = JsonSchema.parse("{\"type\": \"string\"}");
    TextConstraint annotated = JsonSchema.parse("{\"type\": \"string\", " + annotations + "}");
    for (String text : List.of("\"\"", "\"any \u20ac\"", "5", "null")) {
      assertThat(Walk.accepts(annotated, text)).isEqualTo(Walk.accepts(plain, text));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "int32, -2147483648, 2147483647, 2147483648",
    "int8, -128, 127, 128",
    "uint16, 0, 65535, -1",
    "int64, -9223372036854775808, 9223372036854775807, 9223372036854775808"
  })
  void formatsOfIntegersAreTheirBounds(String format, String least, String most, String beyond) {
    TextConstraint integer =
        JsonSchema.parse("{\"type\": \"integer\", \"format\": \"" + format + "\"}");
    assertThat(Walk.accepts(integer, least)).isTrue();
    assertThat(Walk.accepts(integer, most)).isTrue();
    assertThat(Walk.accepts(integer, beyond)).isFalse();
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
    refuses(UnsupportedConstraintException.class, () -> JsonSchema.parse(schema));
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

  static Stream<Arguments> extreme() {
    String chain =
        IntStream.range(0, 3000)
            .mapToObj(i -> "\"d%d\": {\"$ref\": \"#/$defs/d%d\"}".formatted(i, i + 1))
            .collect(
                Collectors.joining(
                    ",", "{\"$ref\": \"#/$defs/d0\", \"$defs\": {", ", \"d3000\": {}}}"));
    String manyNames =
        IntStream.range(0, 25_000)
            .mapToObj(i -> "\"p" + i + "\": {}")
            .collect(Collectors.joining(",", "{\"properties\": {", "}}"));
    String unique =
        IntStream.range(0, 1000)
            .mapToObj(String::valueOf)
            .collect(
                Collectors.joining(
                    ",",
                    "{\"type\": \"array\", \"uniqueItems\": true, \"items\": {\"enum\": [",
                    "]}}"));
    String alternatives =
        IntStream.range(0, 11_000)
            .mapToObj(i -> "{\"maxLength\": " + i + "}")
            .collect(Collectors.joining(",", "{\"items\": {\"anyOf\": [", "]}}"));
    return Stream.of(
        arguments(
            "{\"const\": 1e99999999, \"multipleOf\": 3}",
            "#/const: expected numbers of at most 400 digits before and after the point, found"
                + " 1E+99999999"),
        arguments(
            "{\"oneOf\": [{\"const\": 1e999999999}, {\"const\": 2}]}",
            "#/oneOf/0/const: expected numbers of at most 400 digits"),
        arguments(
            "{\"enum\": [{\"a\": [1, 10e2147483646]}]}", "#/enum: expected numbers of at most 400"),
        arguments("{\"minimum\": -1e-401}", "#/minimum: expected numbers of at most 400 digits"),
        arguments("{\"maxItems\": 1.5}", "#/maxItems: expected an integer of at least 0"),
        arguments("{\"minItems\": 1e500}", "#/minItems: expected numbers of at most 400 digits"),
        arguments("{\"minItems\": 1e7}", "#/minItems: expected at most 1000000, found 1E+7"),
        arguments("{\"const\": 1e99999999999}", "#: expected numbers that can be read"),
        arguments("{\"const\": " + "1".repeat(2000) + "}", "#: expected JSON: Number value length"),
        arguments(chain, "/d299: expected at most 300 references and combinations that follow"),
        arguments(manyNames, "#/properties: expected at most 20000 names of properties"),
        arguments(unique, "#/uniqueItems: expected few elements, found up to 1000 of 1000 values"),
        arguments(alternatives, "#/items/anyOf: the schema has more than 10000 alternatives"),
        arguments(
            "{\"type\": \"object\", \"required\": [\"" + "n".repeat(500_000) + "\"]}",
            "#/required: more than 4000000 states are needed"),
        arguments(
            "{\"$ref\": \"#/%zz\"}", "#/$ref: expected a place in this document, found #/%zz"),
        arguments(
            "{\"$ref\": \"#/" + "a/".repeat(5000) + "\"}",
            "#/$ref: expected at most 4000 characters, found 10002"),
        arguments("{\"pattern\": \"a****\"}", "#/pattern: expected a regular expression that is"),
        arguments("{\"pattern\": \"[a-\"}", "a closing bracket"),
        arguments("{\"pattern\": \"a{" + "9".repeat(9000) + "}\"}", "is more than 10000"),
        arguments(
            IntStream.range(0, 101)
                .mapToObj(i -> "\"^p" + i + "$\": {}")
                .collect(Collectors.joining(",", "{\"patternProperties\": {", "}}")),
            "#/patternProperties: expected at most 100 patterns, found 101"),
        arguments(
            IntStream.range(0, 12)
                .mapToObj(i -> "\"p" + i + "\": {}")
                .collect(Collectors.joining(",", "{\"patternProperties\": {", "}}")),
            "#/patternProperties: expected patterns of which a name matches few"),
        arguments(
            "{\"properties\": {\"a\": {}}, \"patternProperties\": {\"^((a|b)*a(a|b){16})$\": {}}}",
            "#/patternProperties: expected a simpler regular expression"));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource
  void extreme(String schema, String message) {
    assertThatExceptionOfType(UnsupportedConstraintException.class)
        .isThrownBy(() -> JsonSchema.parse(schema))
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1100));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"minimum\": 1e-399, \"maximum\": 1}; 0.5; -0.5",
        "{\"exclusiveMinimum\": 0, \"maximum\": 1.7976931348623157e308}; 12345.678; 0.0",
        "{\"minimum\": -4.9e-324}; 0; -1",
        "{\"minLength\": 0e999999999}; 7; x",
        "{\"maxLength\": 1e99999999}; \"abc\"; abc",
        "{\"const\": 0e999999999}; 0E+999999999; 1",
        "{\"enum\": [1, 1.0, 1e0, 2]}; 1; 3"
      })
  void extremeNumbersThatCanBeWrittenAreUsed(String schema, String valid, String invalid) {
    TextConstraint constraint = JsonSchema.parse(schema);
    assertThat(Walk.accepts(constraint, valid)).isTrue();
    assertThat(Walk.accepts(constraint, invalid)).isFalse();
  }

  @Test
  void aBoundThatIsTiny() {
    TextConstraint constraint =
        JsonSchema.parse(
            "{\"type\": \"number\", \"exclusiveMinimum\": 1e-398, \"maximum\": 2e-398}");
    String start = "0." + "0".repeat(397);
    assertThat(List.of(start + "11", start + "2", start + "10001"))
        .allMatch(text -> Walk.accepts(constraint, text));
    assertThat(List.of(start + "1", start + "10", start + "21", "0.0"))
        .noneMatch(text -> Walk.accepts(constraint, text));
  }

  @Test
  void namesOfAnyLengthAreUsedWhereNoOthersAre() {
    String name = "n".repeat(500_000);
    TextConstraint constraint =
        JsonSchema.parse(
            "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\""
                + name
                + "\": {\"type\": \"integer\"}}}");
    assertThat(Walk.accepts(constraint, "{\"" + name + "\":1}")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a{0,1000}){0,1000}",
        "\\p{L}{4000}",
        "[^]*a[^]{9999}",
        "((a?b?){30}){30}",
        "(a*)*"
      })
  void expressionsThatRepeatRepetitionsAreUsed(String regex) {
    ConstraintState state = Regex.of(regex).begin(Walk.BYTES, false);
    for (int i = 0; i < 150; i++) {
      assertThat(state.allowed().contains('a')).isTrue();
      state.accept('a');
    }
  }

  @Test
  void grammarsOfManyBlanksAndRulesAreRead() {
    String rules =
        IntStream.range(0, 20_000)
            .mapToObj(i -> "r%d ::= r%d\n".formatted(i, i + 1))
            .collect(Collectors.joining());
    TextConstraint constraint =
        Grammar.parse("root ::= r0" + " ".repeat(300_000) + "\"b\"\n" + rules + "r20000 ::= \"a\"");
    assertThat(Walk.accepts(constraint, "ab")).isTrue();
  }

  /** Numbers of a model that repeats itself end. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\": \"number\"}",
        "{\"type\": \"integer\"}",
        "{\"type\": \"number\", \"minimum\": 0}",
        "{\"type\": \"integer\", \"minimum\": 0}",
        "{\"type\": \"number\", \"exclusiveMinimum\": -2, \"maximum\": 2}",
        "{\"type\": \"number\", \"exclusiveMinimum\": 0.25}",
        "{\"type\": \"number\", \"exclusiveMaximum\": 0}",
        "{\"type\": \"number\", \"multipleOf\": 0.01, \"minimum\": 0}",
        "{\"type\": \"integer\", \"multipleOf\": 7, \"minimum\": 0}"
      })
  void numbersEnd(String schema) {
    for (String preferred : List.of("-0.", "00", "99", "-9.9", "1e9")) {
      ConstraintState state = JsonSchema.parse(schema).begin(Walk.BYTES, false);
      int digits = 0;
      while (state.allowed().count() > 0) {
        TokenMask allowed = state.allowed();
        int at = digits;
        int next =
            preferred
                .substring(Math.min(at, preferred.length() - 1))
                .chars()
                .filter(allowed::contains)
                .findFirst()
                .orElse(allowed.next(0));
        state.accept(next);
        assertThat(++digits).isLessThan(150);
      }
      assertThat(state.mayEnd()).isTrue();
    }
  }

  @Test
  void aNumberThatIsNotNegativeHasNoSign() {
    TextConstraint constraint = JsonSchema.parse("{\"type\": \"number\", \"minimum\": 0}");
    assertThat(List.of("0", "0.0", "0.5", "12")).allMatch(t -> Walk.accepts(constraint, t));
    assertThat(List.of("-0", "-0.0", "-0.000", "-1")).noneMatch(t -> Walk.accepts(constraint, t));
    assertThat(constraint.begin(Walk.BYTES, false).allowed().contains('-')).isFalse();
  }
}
