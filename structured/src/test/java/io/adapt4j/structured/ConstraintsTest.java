package io.adapt4j.structured;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What expressions, choices, grammars, numbers and joined constraints accept. */
class ConstraintsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a*b",
        "(a|bc)+",
        "[a-c]{2,3}",
        "a.c",
        "\\d+(\\.\\d)?",
        "[^ab]c?",
        "(ab|a)(bc|c)?",
        "a{0}b",
        "(a*){2}",
        "(a|b)*abb",
        "x?y?z?",
        "[ab]{0,6}c",
        "\\u0061\\x62[\\u00e0-\\u00ff]?",
        "(?:a|b){3,}"
      })
  void expressionsMatchAsThoseOfJava(String regex) {
    TextConstraint constraint = Regex.of(regex);
    Pattern pattern = Pattern.compile(regex);
    Random random = new Random(1);
    for (int i = 0; i < 400; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(7); length > 0; length--) {
        text.append("abcxyz1.é".charAt(random.nextInt(9)));
      }
      assertThat(Walk.accepts(constraint, text.toString()))
          .as(text.toString())
          .isEqualTo(pattern.matcher(text).matches());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "(?=a)b; look-ahead is not supported",
        "(?<!a)b; look-behind is not supported",
        "(a)\\1; a back-reference is not supported",
        "\\bword; the word boundary \\b is not supported",
        "a{2,1}; a repetition from 2 to 1",
        "a{99999}; more than 10000",
        "[z-a]; ascending order",
        "(a; a closing parenthesis",
        "[a; a closing bracket",
        "*a; something to repeat",
        "a)b; an opening parenthesis before",
        "\\p{Nonsense}; the property Nonsense is not supported",
        "a^b; the anchor ^",
        "a$b; the anchor $"
      })
  void otherExpressionsAreRefusedByName(String regex, String message) {
    refuses(UnsupportedConstraintException.class, () -> Regex.of(regex), message);
  }

  @Test
  void aChoiceIsOneOfItsTexts() {
    TextConstraint colors = Choice.of(List.of("red", "redder", "grün", ""));
    assertThat(List.of("red", "redder", "grün", "")).allMatch(text -> Walk.accepts(colors, text));
    assertThat(List.of("re", "redd", "gr", "blue")).noneMatch(text -> Walk.accepts(colors, text));
    assertThatIllegalArgumentException().isThrownBy(() -> Choice.of(List.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 9",
    "1, 150",
    "-5, 5",
    "-120, -7",
    "99, 1001",
    "0, 0",
    "-1, 0",
    "13, 13",
    "-1000, 999"
  })
  void integersAreThoseOfTheRange(int min, int max) {
    TextConstraint constraint =
        JsonSchema.of(Map.of("type", "integer", "minimum", min, "maximum", max));
    for (int value = -1300; value <= 1300; value++) {
      assertThat(Walk.accepts(constraint, String.valueOf(value)))
          .as("%d", value)
          .isEqualTo(value >= min && value <= max);
    }
    assertThat(List.of("01", "1.0", "+1", "", "-")).noneMatch(t -> Walk.accepts(constraint, t));
  }

  @ParameterizedTest
  @CsvSource({
    "minimum, 0.5, maximum, 2.25",
    "exclusiveMinimum, 0, maximum, 1",
    "minimum, -1.5, exclusiveMaximum, 1.05",
    "exclusiveMinimum, 1.2, exclusiveMaximum, 1.3",
    "minimum, -3, maximum, -2.999",
    "minimum, 10, exclusiveMaximum, 100",
    "exclusiveMinimum, -0.5, exclusiveMaximum, 0",
    "minimum, 1.05, maximum, 1.05"
  })
  void numbersAreThoseOfTheRange(String low, BigDecimal min, String high, BigDecimal max) {
    TextConstraint constraint = JsonSchema.of(Map.of("type", "number", low, min, high, max));
    Random random = new Random(3);
    for (int i = 0; i < 4000; i++) {
      BigDecimal near = random.nextBoolean() ? min : max;
      BigDecimal step = BigDecimal.valueOf(random.nextInt(61) - 30, random.nextInt(5));
      String text = (i < 4 ? (i < 2 ? min : max) : near.add(step)).toPlainString();
      BigDecimal value = new BigDecimal(text);
      int above = value.compareTo(min);
      int below = value.compareTo(max);
      boolean inside =
          (low.equals("minimum") ? above >= 0 : above > 0)
              && (high.equals("maximum") ? below <= 0 : below < 0);
      assertThat(Walk.accepts(constraint, text)).as(text).isEqualTo(inside);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 25, 100})
  void multiplesAreThoseOfTheRange(int divisor) {
    TextConstraint constraint =
        JsonSchema.of(Map.of("type", "integer", "multipleOf", divisor, "minimum", -300));
    for (int value = -400; value <= 1200; value++) {
      assertThat(Walk.accepts(constraint, String.valueOf(value)))
          .as("%d", value)
          .isEqualTo(value >= -300 && value % divisor == 0);
    }
  }

  @Test
  void everyCharacterOfAStringHasOneSpelling() {
    TextConstraint three =
        JsonSchema.parse("{\"type\": \"string\", \"minLength\": 3, \"maxLength\": 3}");
    assertThat(
            List.of(
                "\"abc\"", "\"a\\n\\\"\"", "\"\uD83D\uDE00é\\\\\"", "\"\\u0001\\u001f\\u001F\""))
        .allMatch(text -> Walk.accepts(three, text));
    assertThat(List.of("\"ab\"", "\"\\u0061bc\"", "\"ab\\/\"", "\"a\nb\"", "\"abcd\""))
        .noneMatch(text -> Walk.accepts(three, text));
  }

  @Test
  void valuesAreSpacedWhereAskedFor() {
    String schema = "{\"properties\": {\"a\": {}, \"b\": {\"const\": [1, {\"c\": 2}]}}}";
    assertThat(
            Walk.accepts(
                JsonSchema.parseSpaced(schema), "{\"a\": {\"x\": [1, 2]}, \"b\": [1, {\"c\": 2}]}"))
        .isTrue();
    assertThat(Walk.accepts(JsonSchema.parse(schema), "{\"a\":{\"x\":[1,2]},\"b\":[1,{\"c\":2}]}"))
        .isTrue();
    assertThat(Walk.accepts(JsonSchema.parse(schema), "{\"a\": 1}")).isFalse();
  }

  @Test
  void anObjectIsAnyObject() {
    assertThat(List.of("{}", "{\"a\":[{\"b\":null}],\"\":-1.5e10}"))
        .allMatch(text -> Walk.accepts(JsonSchema.anyObject(), text));
    assertThat(List.of("[]", "{\"a\"}", "{\"a\":1,}", "1"))
        .noneMatch(text -> Walk.accepts(JsonSchema.anyObject(), text));
  }

  @Test
  void elementsOfAnEnumCanBeUnique() {
    TextConstraint some =
        JsonSchema.parse(
            "{\"type\": \"array\", \"items\": {\"enum\": [\"a\", \"b\", \"c\"]}, \"uniqueItems\": true,"
                + " \"minItems\": 1}");
    assertThat(List.of("[\"a\"]", "[\"a\",\"c\"]", "[\"a\",\"b\",\"c\"]"))
        .allMatch(text -> Walk.accepts(some, text));
    assertThat(List.of("[]", "[\"a\",\"a\"]", "[\"d\"]")).noneMatch(t -> Walk.accepts(some, t));
  }

  @Test
  void aGrammarIsItsRootRule() {
    TextConstraint sums =
        Grammar.parse(
            """
            # sums of small numbers
            root ::= sum "\\n"
            sum  ::= term (("+" | "-") term)*   # no rule begins with itself
            term ::= [0-9]{1,3}
                   | "(" sum ")"
                   | /x_[a-z]+/
            """);
    assertThat(List.of("1+2\n", "(12-x_ab)+7\n", "((1))\n"))
        .allMatch(text -> Walk.accepts(sums, text));
    assertThat(List.of("1+\n", "1234\n", "(1\n", "1")).noneMatch(t -> Walk.accepts(sums, t));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "root ::= a; rule a: used, but not defined",
        "a ::= 'b'; expected a literal",
        "a ::= \"b\"; rule root: expected one with this name",
        "root ::= root \"a\" | \"b\"; do not begin with themselves, found [root]",
        "root ::= a? b~a ::= \"a\"~b ::= root; do not begin with themselves",
        "root ::= \"a\" root; no text fulfills",
        "root ::= \"a; a closing quote",
        "root ::= (\"a\"; a closing parenthesis",
        "root = \"a\"; expected a rule",
        "root ::= [z-a]; ascending order"
      })
  void otherGrammarsAreRefused(String grammar, String message) {
    assertThatExceptionOfType(UnsupportedConstraintException.class)
        .isThrownBy(() -> Grammar.parse(grammar.replace('~', '\n')))
        .withMessageContaining(message);
  }

  @Test
  void aToolCallFollowsItsTrigger() {
    TextConstraint call =
        TextConstraint.sequence(
            TextConstraint.literal("\n"),
            JsonSchema.parse(
                "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"integer\"}}"),
            TextConstraint.literal("\n</tool_call>"));
    TextConstraint answer =
        TextConstraint.alternatives(
            TextConstraint.textWithout("<tool_call>"),
            TextConstraint.sequence(TextConstraint.textUntil("<tool_call>"), call));
    assertThat(
            List.of(
                "",
                "Just text < and <tool_cal> too.",
                "Let me see.<tool_call>\n{\"a\":1}\n</tool_call>",
                "<<tool_call>\n{}\n</tool_call>"))
        .allMatch(text -> Walk.accepts(answer, text));
    assertThat(
            List.of(
                "Let me see.<tool_call>",
                "<tool_call>\n{\"a\":\"b\"}\n</tool_call>",
                "<tool_call>\n{}\n</tool_call> more"))
        .noneMatch(text -> Walk.accepts(answer, text));
  }

  @Test
  void constraintsAreRepeated() {
    TextConstraint lines = Regex.of("[a-z]+\n").repeated(2, 3);
    assertThat(List.of("a\nb\n", "a\nb\nc\n")).allMatch(text -> Walk.accepts(lines, text));
    assertThat(List.of("a\n", "a\nb\nc\nd\n")).noneMatch(text -> Walk.accepts(lines, text));
    assertThat(Walk.accepts(lines.optional(), "")).isTrue();
    assertThatIllegalArgumentException().isThrownBy(() -> lines.repeated(3, 2));
  }

  @Test
  void equalConstraintsHaveTheSameIdentity() {
    assertThat(Regex.of("a+")).isEqualTo(Regex.of("a+")).hasSameHashCodeAs(Regex.of("a+"));
    assertThat(Regex.of("a+").identity()).isNotEqualTo(TextConstraint.literal("a+").identity());
  }
}
