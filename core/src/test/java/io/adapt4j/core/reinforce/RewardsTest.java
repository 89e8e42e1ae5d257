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
        .isThrownBy(() -> KlControl.adaptive(0.1, 0, 10))
        .withMessageContaining("the target of the divergence must be above 0");
  }

  @Test
  void anAdaptiveCoefficientFollowsItsTarget() {
    KlControl control = KlControl.adaptive(0.1, 6, 1000);
    assertThat(control.after(0.1, 12, 100)).isGreaterThan(0.1).isEqualTo(0.1 * 1.02);
    assertThat(control.after(0.1, 3, 100)).isLessThan(0.1).isEqualTo(0.1 * 0.98);
    assertThat(KlControl.fixed(0.1).after(0.1, 12, 100)).isEqualTo(0.1);
  }
}
