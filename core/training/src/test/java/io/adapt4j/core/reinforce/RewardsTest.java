package io.adapt4j.core.reinforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RewardsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "The answer is 42.                | 42     | 1",
        "6 times 7 is 42, I think         | 42.0   | 1",
        "First 42, but no: 41             | 42     | 0",
        "so #### 1,234 in the year 2020   | 1234   | 1",
        "\\boxed{-3.5} rather than 7      | -3.50  | 1",
        "it costs $12                     | 12     | 1",
        "I do not know                    | 42     | 0",
        "7                                | so it is #### 7 | 1"
      })
  void theLastNumberIsTheAnswer(String completion, String answer, double reward) {
    RewardFunction function = Rewards.numericAnswer("answer");
    assertThat(function.score("", completion, Map.of("answer", answer))).isEqualTo(reward);
  }

  @Test
  void aRowWithoutANumberCannotBeJudged() {
    assertThat(Rewards.numericAnswer("answer").score("", "42", Map.of())).isNaN();
  }

  @Test
  void aFormatIsFoundAcrossLines() {
    RewardFunction format = Rewards.regex("<think>.*</think>\\s*\\S+");
    assertThat(format.score("", "<think>a\nb</think>\n42", Map.of())).isEqualTo(1);
    assertThat(format.score("", "<think>a\nb", Map.of())).isZero();
    assertThatExceptionOfType(PatternSyntaxException.class).isThrownBy(() -> Rewards.regex("("));
  }

  @Test
  void optionsOutOfTheirRangeAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Grpo.builder().build())
        .withMessageContaining("rewards must be at least one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Grpo.builder().reward("a", Rewards.regex("a")).groupSize(1).build())
        .withMessageContaining("groupSize of GRPO must be at least 2, found 1");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Ppo.builder()
                    .reward("a", Rewards.regex("a"))
                    .reward("a", Rewards.regex("b"))
                    .build())
        .withMessageContaining("of different names");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ppo.builder().adaptiveKl(0.1, 0, 10))
        .withMessageContaining("the target of the divergence must be above 0");
  }

  @Test
  void anAlgorithmIsNamedAsInRunsWrittenBefore() {
    Ppo.Builder ppo = Ppo.builder().reward("a", 2, Rewards.regex("a"));
    assertThat(ppo.build())
        .hasToString(
            "Ppo[rollout=RolloutOptions[rewards=[a x 2.0], prompts=8, groupSize=1,"
                + " maxNewTokens=128, temperature=1.0, topP=1.0, topK=0, generationBatch=64,"
                + " passes=4, masksTruncated=false], clip=0.2, valueClip=0.2,"
                + " valueCoefficient=0.1, discount=1.0, lambda=0.95, kl=Fixed[coefficient=0.05],"
                + " klEstimator=K1, whitensRewards=false]");
    assertThat(ppo.adaptiveKl(0.1, 6, 1000).build().toString())
        .contains("kl=Adaptive[coefficient=0.1, target=6.0, horizon=1000.0]");
    assertThat(Grpo.builder().reward("a", Rewards.regex("a")).build().toString())
        .startsWith("Grpo[rollout=RolloutOptions[rewards=[a x 1.0], prompts=8, groupSize=8,")
        .endsWith(
            " advantages=GROUP_SCALED, normalization=DAPO, clipLow=0.2, clipHigh=0.2,"
                + " klCoefficient=0.04, sequenceRatios=false]");
  }

  @Test
  void aSearchThatTakesForeverFindsNothing() {
    long begun = System.nanoTime();
    assertThat(Rewards.regex("(a+)+$").score("", "a".repeat(60) + "b", Map.of())).isZero();
    assertThat(Rewards.regex("(a|b)*c").score("", "ab".repeat(50_000), Map.of())).isZero();
    assertThat(System.nanoTime() - begun).isLessThan(20_000_000_000L);
  }

  @Test
  void anExactAnswerMayHaveOtherWhiteSpace() {
    RewardFunction exact = Rewards.exact("answer");
    assertThat(exact.score("", " a  b\n", Map.of("answer", "a b"))).isEqualTo(1);
    assertThat(exact.score("", "A b", Map.of("answer", "a b"))).isZero();
    assertThat(exact.score("", "5", Map.of("answer", List.of(4, 5)))).isEqualTo(1);
    assertThat(exact.score("", "5", Map.of())).isNaN();
  }

  @Test
  void aNumberMayBeNear() {
    RewardFunction near = Rewards.numericAnswer("answer", 0.01);
    assertThat(near.score("", "about 3.14", Map.of("answer", 3.1416))).isEqualTo(1);
    assertThat(near.score("", "about 3.1", Map.of("answer", 3.1416))).isZero();
    assertThat(near.score("", "3", Map.of("answer", "none"))).isNaN();
    assertThatIllegalArgumentException().isThrownBy(() -> Rewards.numericAnswer("a", -1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"name\": \"Tom\", \"age\": 3}             | 1",
        "{\"name\": \"Tom\", \"age\": 3.0, \"of\": [{\"name\": \"Al\", \"age\": 1}]} | 1",
        "{\"name\": \"Tom\", \"age\": 3.5}           | 0",
        "{\"name\": \"Tom\"}                         | 0",
        "{\"name\": \"tom\", \"age\": 3}             | 0",
        "{\"name\": \"Tom\", \"age\": -1}            | 0",
        "{\"name\": \"Tom\", \"age\": 3, \"x\": 1}   | 0",
        "{\"name\": \"Tom\", \"age\": 3, \"of\": [1]} | 0",
        "{\"name\": \"Tom\", \"age\": 3} and more    | 0",
        "Tom                                         | 0"
      })
  void jsonOfASchema(String completion, double reward) {
    String schema =
        """
        {"$ref": "#/$defs/person", "$defs": {"person": {"type": "object",
         "properties": {"name": {"type": "string", "pattern": "^[A-Z]"},
           "age": {"type": "integer", "minimum": 0, "not": {"const": 7}},
           "of": {"type": "array", "items": {"$ref": "#/$defs/person"}, "uniqueItems": true}},
         "required": ["name", "age"], "additionalProperties": false}}}
        """;
    assertThat(Rewards.jsonSchema(schema).score("", completion, Map.of())).isEqualTo(reward);
    String fenced = "```json\n" + completion + "\n```";
    assertThat(Rewards.jsonSchema(schema).score("", fenced, Map.of())).isEqualTo(reward);
  }

  @Test
  void schemasThatCannotBeCheckedAreRefusedByName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Rewards.jsonSchema("{\"properties\": {\"a\": {\"contains\": {}}}}"))
        .withMessage("schema #/properties/a/contains is not supported");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Rewards.jsonSchema("{\"$ref\": \"#/$defs/none\"}"))
        .withMessageContaining("has no target");
    // A schema that refers to itself accepts nothing, and ends.
    assertThat(Rewards.jsonSchema("{\"$ref\": \"#\"}").score("", "1", Map.of())).isZero();
  }

  @Test
  void citationsQuoteTheirPassages() {
    RewardFunction citation = Rewards.citation("passages");
    Map<String, Object> row = Map.of("passages", List.of("Rome is  warm.", "Oslo is cold."));
    assertThat(citation.score("", "It says \"rome is warm\" [1].", row)).isEqualTo(1);
    assertThat(citation.score("", "\"Oslo is cold.\" [2] and \"Rome\" [2]", row)).isEqualTo(0.5);
    assertThat(citation.score("", "\"Rome\" [3]", row)).isZero();
    assertThat(citation.score("", "Rome is warm [1]", row)).isZero();
    assertThat(citation.score("", "Rome is warm", row)).isZero();
    assertThat(citation.score("", "\"Rome\" [1]", Map.of())).isNaN();
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void testsRunInAProcessWithLimits() {
    RewardFunction tests =
        Rewards.tests(
            "tests",
            List.of("/bin/sh", "{file}"),
            new Rewards.ProcessLimits(Duration.ofSeconds(2), 512L << 20, 1000));
    assertThat(tests.score("", "Code:\n```sh\na=1\n```", Map.of("tests", "[ $a = 1 ]")))
        .isEqualTo(1);
    assertThat(tests.score("", "a=2", Map.of("tests", "[ $a = 1 ]"))).isZero();
    assertThat(tests.score("", "a=1", Map.of())).isNaN();
    assertThat(tests.score("", "[ -z \"$HOME\" ]", Map.of("tests", ""))).isEqualTo(1);
    assertThat(tests.score("", "ulimit -v", Map.of("tests", "[ $(ulimit -v) = 524288 ]")))
        .isEqualTo(1);
    long begun = System.nanoTime();
    assertThat(tests.score("", "sleep 30 & sleep 30", Map.of("tests", ""))).isZero();
    assertThat(tests.score("", "sleep 30 &", Map.of("tests", "true"))).isEqualTo(1);
    assertThat(tests.score("", "while :; do echo xxxxxxxx; done", Map.of("tests", ""))).isZero();
    assertThat(System.nanoTime() - begun).isLessThan(20_000_000_000L);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Rewards.tests(
                    "tests",
                    List.of("sh"),
                    new Rewards.ProcessLimits(Duration.ofSeconds(1), Long.MAX_VALUE, 1)))
        .withMessageContaining("{file}");
  }
}
