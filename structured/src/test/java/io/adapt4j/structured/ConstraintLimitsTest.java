package io.adapt4j.structured;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What compiling may cost, that it can be stopped, and that large schemas are compiled quickly. */
@Timeout(120)
class ConstraintLimitsTest {

  /** Without an end before there were limits: subsets of thousands of readings. */
  private static final String ENDLESS =
      "{\"type\": \"string\", \"pattern\": \"(\\\\p{L}|\\\\d){2000}\", \"maxLength\": 9000}";

  private static String listed(int count, IntFunction<String> value) {
    return IntStream.range(0, count).mapToObj(value).collect(Collectors.joining(","));
  }

  private static String enumOf(int count, IntFunction<String> value) {
    return "{\"enum\":[" + listed(count, i -> '"' + value.apply(i) + '"') + "]}";
  }

  /** Steps are the same on every machine; a second is about 100 million of them. */
  private static TextConstraint withinAThirdOfASecondsSteps(String schema) {
    return ConstraintLimits.defaults()
        .withSteps(30_000_000)
        .run(() -> false, () -> JsonSchema.parse(schema));
  }

  @Test
  void aHundredThousandTextsAreCompiledQuickly() {
    TextConstraint constraint =
        withinAThirdOfASecondsSteps(enumOf(100_000, i -> "item%06d".formatted(i)));
    assertThat(List.of("\"item000000\"", "\"item099999\"", "\"item050505\""))
        .allMatch(text -> Walk.accepts(constraint, text));
    assertThat(List.of("\"item100000\"", "\"item\"", "\"item00000\""))
        .noneMatch(text -> Walk.accepts(constraint, text));
  }

  @Test
  void cancelledWorkDoesNotBegin() {
    AtomicInteger begun = new AtomicInteger();
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(
            () -> ConstraintLimits.defaults().run(() -> true, () -> begun.incrementAndGet()));
    assertThat(begun).hasValue(0);
  }

  @Test
  void randomTextsAndIdentifiersAreCompiledToo() {
    Random random = new Random(1);
    String id = new UUID(random.nextLong(), random.nextLong()).toString();
    TextConstraint ids =
        withinAThirdOfASecondsSteps(
            enumOf(
                50_000,
                i -> i == 7 ? id : new UUID(random.nextLong(), random.nextLong()).toString()));
    assertThat(Walk.accepts(ids, '"' + id + '"')).isTrue();
  }

  @Test
  void listedTextsAreCheckedAgainstPatternsOnce() {
    String schema = "{\"pattern\": \"^v[0-9]*5$\", " + enumOf(50_000, i -> "v" + i).substring(1);
    TextConstraint constraint = withinAThirdOfASecondsSteps(schema);
    assertThat(Walk.accepts(constraint, "\"v12345\"")).isTrue();
    assertThat(Walk.accepts(constraint, "\"v12346\"")).isFalse();
  }

  @Test
  void alternativesOfManyPatternsAreToldApart() {
    String schema =
        "{\"oneOf\":["
            + listed(300, i -> "{\"type\":\"string\",\"pattern\":\"^a%03d[a-z]*$\"}".formatted(i))
            + "]}";
    assertThat(Walk.accepts(withinAThirdOfASecondsSteps(schema), "\"a123xyz\"")).isTrue();
  }

  @Test
  void alternativesOfManyConstantsAreToldApart() {
    String schema = "{\"oneOf\":[" + listed(9000, i -> "{\"const\":\"v" + i + "\"}") + "]}";
    assertThat(Walk.accepts(withinAThirdOfASecondsSteps(schema), "\"v8999\"")).isTrue();
  }

  @Test
  void thousandsOfOptionalPropertiesAreWritten() {
    TextConstraint constraint =
        withinAThirdOfASecondsSteps(
            "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
                + listed(4000, i -> "\"p" + i + "\":{\"type\":\"integer\"}")
                + "}}");
    assertThat(List.of("{}", "{\"p0\":1,\"p1\":2,\"p3999\":3}"))
        .allMatch(text -> Walk.accepts(constraint, text));
    assertThat(List.of("{\"p4000\":1}", "{\"p1\":1,\"p0\":2}"))
        .noneMatch(text -> Walk.accepts(constraint, text));
  }

  @Test
  void whatNeedsMoreStepsIsRefusedByPlaceAndRemedy() {
    ConstraintLimits few = ConstraintLimits.defaults().withSteps(2_000_000);
    String schema = "{\"properties\": {\"name\": " + ENDLESS + "}}";
    assertThatExceptionOfType(UnsupportedConstraintException.class)
        .isThrownBy(() -> few.run(() -> false, () -> JsonSchema.parse(schema)))
        .withMessageStartingWith("#/properties/name/pattern: more than 2000000 steps are needed")
        .withMessageContaining("ConstraintLimits.steps");
  }

  @Test
  void whatNeedsMoreStatesIsRefusedByPlaceAndRemedy() {
    assertThatExceptionOfType(UnsupportedConstraintException.class)
        .isThrownBy(() -> JsonSchema.parse(ENDLESS))
        .withMessageStartingWith("#/pattern: more than 4000000 states are needed")
        .withMessageContaining("ConstraintLimits.states");
  }

  @Test
  void whatTakesLongerIsRefused() {
    ConstraintLimits short_ = ConstraintLimits.defaults().withTime(Duration.ofNanos(1));
    assertThatExceptionOfType(UnsupportedConstraintException.class)
        .isThrownBy(() -> short_.run(() -> false, () -> JsonSchema.parse(ENDLESS)))
        .withMessageContaining("ConstraintLimits.time");
  }

  @Test
  void longerSchemasAndGrammarsAreRefused() {
    ConstraintLimits few = ConstraintLimits.defaults().withCharacters(20);
    assertThatExceptionOfType(UnsupportedConstraintException.class)
        .isThrownBy(() -> few.run(() -> false, () -> JsonSchema.parse(ENDLESS)))
        .withMessageContaining("#: expected at most 20 characters, found 70");
    assertThatExceptionOfType(UnsupportedConstraintException.class)
        .isThrownBy(() -> few.run(() -> false, () -> Grammar.parse("root ::= \"abcdefghijklm\"")))
        .withMessageContaining("expected at most 20 characters, found 24");
  }

  @Test
  void allThatIsMadeInACallSharesItsLimits() {
    ConstraintLimits limits = ConstraintLimits.defaults().withStates(300);
    assertThat(limits.<Object>run(() -> false, () -> Regex.of("a{100}b"))).isNotNull();
    assertThatExceptionOfType(UnsupportedConstraintException.class)
        .isThrownBy(
            () ->
                limits.run(
                    () -> false,
                    () -> {
                      for (int i = 0; i < 100; i++) {
                        Regex.of("[ab]cde[fg]");
                      }
                      return 0;
                    }));
  }

  @Test
  void limitsAroundACallHoldWithinIt() {
    ConstraintLimits few = ConstraintLimits.defaults().withStates(50);
    ConstraintLimits many = ConstraintLimits.defaults();
    assertThatExceptionOfType(UnsupportedConstraintException.class)
        .isThrownBy(
            () ->
                few.run(
                    () -> false,
                    () -> many.run(() -> false, () -> Choice.of(List.of("x".repeat(100))))));
    assertThat(Walk.accepts(Choice.of(List.of("x".repeat(100))), "x".repeat(100)))
        .as("afterwards they are gone")
        .isTrue();
  }

  @Test
  void compilingStopsWhereNobodyWaits() {
    AtomicInteger asked = new AtomicInteger();
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(
            () ->
                ConstraintLimits.defaults()
                    .run(() -> asked.incrementAndGet() == 3, () -> JsonSchema.parse(ENDLESS)));
    assertThat(asked).hasValue(3);
  }

  @Test
  void compilingStopsWhereTheThreadIsInterrupted() {
    Thread.currentThread().interrupt();
    try {
      refuses(CancellationException.class, () -> JsonSchema.parse(ENDLESS));
    } finally {
      assertThat(Thread.interrupted()).as("stays interrupted").isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 1, 1, characters", "1, 0, 1, steps", "1, 1, -1, states"})
  void limitsAreAboveZero(int characters, long steps, int states, String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ConstraintLimits(characters, steps, states, Duration.ofSeconds(1)))
        .withMessageStartingWith(name + ": expected a number above 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConstraintLimits.defaults().withTime(Duration.ZERO))
        .withMessage("time: expected a time above 0, found PT0S");
  }

  @Test
  void limitsAreChangedOneByOne() {
    ConstraintLimits limits =
        ConstraintLimits.defaults()
            .withCharacters(1)
            .withSteps(2)
            .withStates(3)
            .withTime(Duration.ofMillis(4));
    assertThat(limits).isEqualTo(new ConstraintLimits(1, 2, 3, Duration.ofMillis(4)));
  }
}
