package io.adapt4j.eval.task;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChoiceItemTest {

  private static ChoiceItem item(List<String> choices, int... right) {
    return new ChoiceItem(
        "1", "The sky is", choices, " ", Arrays.stream(right).boxed().toList(), Map.of());
  }

  private static Map<String, Double> metrics(ChoiceItem item, double... logProbabilities) {
    return item.judge(
            Arrays.stream(logProbabilities)
                .<Reply>mapToObj(value -> new Reply.Likelihood(value, 1, false))
                .toList())
        .metrics();
  }

  @Test
  void scoresEachAnswerAfterTheContext() {
    assertThat(item(List.of("blue", "green"), 0).requests())
        .containsExactly(
            new Request.Likelihood("The sky is", " blue"),
            new Request.Likelihood("The sky is", " green"));
  }

  @Test
  void dividesByCharactersAndBytesWithoutTheDelimiter() {
    // By sum the first is likelier; by character -6/2 < -7/4, by byte -6/4 > -7/4.
    Map<String, Double> metrics = metrics(item(List.of("éé", "blue"), 0), -6, -7);

    assertThat(metrics)
        .containsEntry(ChoiceItem.ACC, 1.0)
        .containsEntry(ChoiceItem.ACC_NORM, 0.0)
        .containsEntry(ChoiceItem.ACC_BYTES, 1.0);
  }

  @Test
  void countsCharactersAsPythonDoes() {
    // One character outside the basic plane: -3 / 1 < -5 / 2, though Java's length would say 2.
    assertThat(metrics(item(List.of("\uD83D\uDE00", "ab"), 0), -3, -5))
        .containsEntry(ChoiceItem.ACC, 1.0)
        .containsEntry(ChoiceItem.ACC_NORM, 0.0);
  }

  @Test
  void exportsThePromptThatTheAnswerIsScoredAfter() {
    Outcome outcome =
        item(List.of("blue", "green"), 0)
            .judge(List.of(new Reply.Likelihood(-2, 1, false), new Reply.Likelihood(-1, 1, false)));

    assertThat(outcome.prompt() + outcome.expected()).isEqualTo("The sky is blue");
    assertThat(outcome.prompt() + outcome.got()).isEqualTo("The sky is green");
  }

  @Test
  void takesTheFirstOfEquallyLikelyAnswers() {
    assertThat(metrics(item(List.of("a", "b"), 0), -1, -1)).containsEntry(ChoiceItem.ACC, 1.0);
    assertThat(metrics(item(List.of("a", "b"), 1), -1, -1)).containsEntry(ChoiceItem.ACC, 0.0);
  }

  @Test
  void addsUpTheProbabilityOfAllRightAnswers() {
    double share =
        metrics(item(List.of("a", "b", "c"), 0, 1), Math.log(0.1), Math.log(0.2), Math.log(0.3))
            .get(ChoiceItem.MC2);
    assertThat(share).isCloseTo(0.5, within(1e-12));
  }

  @Test
  void surviveProbabilitiesThatUnderflow() {
    assertThat(metrics(item(List.of("a", "b"), 0), -2000, -2001).get(ChoiceItem.MC2))
        .isCloseTo(1 / (1 + Math.exp(-1)), within(1e-12));
  }

  @Test
  void refusesAnswersThatAreNotThere() {
    refuses(IllegalArgumentException.class, () -> item(List.of("a", "b"), 2), "0 to 1");
    assertThatIllegalArgumentException().isThrownBy(() -> item(List.of("a", ""), 0));
    assertThatIllegalArgumentException().isThrownBy(() -> item(List.of("a"), 0));
  }
}
