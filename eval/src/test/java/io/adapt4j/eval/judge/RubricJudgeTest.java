package io.adapt4j.eval.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RubricJudgeTest {

  private static final String RUBRIC = "5: right and polite. 1: wrong.";

  private static final List<ScoredAnswer> ANSWERS =
      IntStream.rangeClosed(1, 5)
          .mapToObj(i -> new ScoredAnswer("a" + i, "Question?", "answer " + i, "right"))
          .toList();

  /** Scores the number in the answer. */
  private static TextGenerator scoring(String identity, ToIntFunction<Integer> score) {
    return TextGenerator.of(
        identity,
        prompt -> {
          int number = Integer.parseInt(prompt.replaceAll("(?s).*\nanswer (\\d)\n.*", "$1"));
          return "It is " + number + ".\nScore: " + score.applyAsInt(number);
        });
  }

  @Test
  void judgesThatAgreeHaveAnAgreementOfOne() {
    RubricReport report =
        RubricJudge.builder(RUBRIC, 5)
            .judge("one", scoring("one", i -> i))
            .judge("two", scoring("two", i -> i))
            .build()
            .score(ANSWERS);

    assertThat(report.mean().orElseThrow().value()).isEqualTo(3);
    assertThat(report.agreement().orElseThrow()).isCloseTo(1, within(1e-12));
    assertThat(report.malformed()).containsEntry("one", 0L).containsEntry("two", 0L);
    assertThat(report.answers().get(1).mean()).hasValue(2);
    assertThat(report.answers().get(1).verdicts())
        .extracting(RubricReport.Verdict::judge)
        .containsExactly("one", "two");
    assertThat(report.answers().get(1).verdicts().get(0).reasons()).startsWith("It is 2.");
  }

  @Test
  void judgesThatContradictEachOtherAgreeLessThanChance() {
    RubricReport report =
        RubricJudge.builder(RUBRIC, 5)
            .judge("one", scoring("one", i -> i))
            .judge("two", scoring("two", i -> 6 - i))
            .build()
            .score(ANSWERS);

    assertThat(report.agreement().orElseThrow()).isNegative();
  }

  @Test
  void scoresOutsideTheScaleAndWithoutALineAreReportedAndLeftOut() {
    RubricReport report =
        RubricJudge.builder(RUBRIC, 5)
            .judge("wild", scoring("wild", i -> i + 2))
            .judge("mute", TextGenerator.of("mute", prompt -> "Good: five"))
            .build()
            .score(ANSWERS);

    assertThat(report.malformed()).containsEntry("wild", 2L).containsEntry("mute", 5L);
    assertThat(report.mean().orElseThrow().value()).isEqualTo(4);
    assertThat(report.agreement()).isEmpty();
    assertThat(report.answers().get(4).mean()).isEmpty();
    assertThat(report.answers().get(4).verdicts())
        .allSatisfy(verdict -> assertThat(verdict.score()).isEmpty());
  }

  @Test
  void repetitionsHaveSeedsOfTheirOwn() {
    TextGenerator bySeed =
        TextGenerator.named(
            "by seed",
            (messages, options) -> GeneratedText.of("Score: " + (options.seed() + 1) + "/5"));

    RubricReport report =
        RubricJudge.builder(RUBRIC, 5)
            .judge("one", bySeed)
            .times(3)
            .generating(GenerationOptions.defaults())
            .build()
            .score(ANSWERS.subList(0, 1));

    assertThat(report.answers().get(0).verdicts())
        .extracting(verdict -> verdict.score().orElseThrow())
        .containsExactly(1, 2, 3);
  }

  @Test
  void refusesWhatCannotShowDisagreement() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                RubricJudge.builder(RUBRIC, 5).judge("one", scoring("a", i -> i)).times(2).build())
        .withMessageContaining("temperature");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                RubricJudge.builder(RUBRIC, 5)
                    .judge("one", scoring("a", i -> i))
                    .judge("two", scoring("a", i -> i))
                    .build())
        .withMessageContaining("one identity");
    assertThatIllegalArgumentException().isThrownBy(() -> RubricJudge.builder(RUBRIC, 5).build());
    assertThatIllegalArgumentException().isThrownBy(() -> RubricJudge.builder(" ", 5));
    assertThatIllegalArgumentException().isThrownBy(() -> RubricJudge.builder(RUBRIC, 1));
  }
}
