package io.adapt4j.core.reinforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.Test;
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
}
