package io.adapt4j.eval.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.judge.PairwiseReport.Result;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PairwiseJudgeTest {

  private static final Pattern ANSWERS =
      Pattern.compile("(?s)Answer A:\n(\\S+)\n(.*?)\n\\1\n\nAnswer B:\n\\1\n(.*?)\n\\1\n");

  @TempDir Path folder;

  /** Says of two shown answers what a rule says. */
  private static TextGenerator judge(BinaryOperator<String> rule) {
    return TextGenerator.of(
        "scripted",
        prompt -> {
          Matcher shown = ANSWERS.matcher(prompt);
          assertThat(shown.find()).as(prompt).isTrue();
          return "Because.\n" + rule.apply(shown.group(2), shown.group(3));
        });
  }

  private static TextGenerator prefersTheLonger() {
    return judge(
        (a, b) ->
            a.length() == b.length()
                ? "Verdict: tie"
                : a.length() > b.length() ? "Verdict: A" : "Verdict: B");
  }

  private static AnswerPair pair(String id, String first, String second) {
    return new AnswerPair(id, "Question " + id, first, second);
  }

  @Test
  void anAnswerWinsThatIsPreferredInBothOrders() {
    PairwiseReport report =
        PairwiseJudge.of(prefersTheLonger())
            .judge(
                List.of(
                    pair("1", "long answer", "short"),
                    pair("2", "longer answer", "short"),
                    pair("3", "short", "long answer"),
                    pair("4", "same!", "equal")));

    assertThat(report.verdicts())
        .extracting(PairwiseReport.Verdict::result)
        .containsExactly(Result.WIN, Result.WIN, Result.LOSS, Result.TIE);
    assertThat(List.of(report.wins(), report.ties(), report.losses())).containsExactly(2L, 1L, 1L);
    assertThat(report.winRate().orElseThrow().value()).isEqualTo(0.625);
    assertThat(report.winRate().orElseThrow().low()).isLessThan(0.625);
    assertThat(report.disagreements()).isZero();
    assertThat(report.positionBias()).hasValue(0);
    assertThat(report.verdicts().get(0).reasons()).startsWith("Because.");
    assertThat(report.cost().asked()).isEqualTo(8);
  }

  @Test
  void aJudgeThatAlwaysTakesTheFirstDecidesNothingAndIsFoundOut() {
    PairwiseReport report =
        PairwiseJudge.of(judge((a, b) -> "Verdict: A"))
            .judge(List.of(pair("1", "x", "y"), pair("2", "z", "u")));

    assertThat(report.ties()).isEqualTo(2);
    assertThat(report.disagreements()).isEqualTo(2);
    assertThat(report.positionBias()).hasValue(1);
    assertThat(report.winRate().orElseThrow().value()).isEqualTo(0.5);
  }

  @Test
  void anOrderThatMakesATieOfAWinIsADisagreement() {
    PairwiseReport report =
        PairwiseJudge.of(judge((a, b) -> a.equals("x") ? "Verdict: A" : "Verdict: tie"))
            .judge(List.of(pair("1", "x", "y")));

    assertThat(report.ties()).isEqualTo(1);
    assertThat(report.disagreements()).isEqualTo(1);
    assertThat(report.positionBias()).hasValue(0.5);
  }

  @Test
  void aJudgmentThatCannotBeReadCountsNeitherWay() {
    PairwiseReport report =
        PairwiseJudge.of(judge((a, b) -> a.equals("x") ? "I like both" : "Verdict: A"))
            .judge(List.of(pair("1", "x", "y")));

    assertThat(report.malformed()).isEqualTo(1);
    assertThat(report.wins() + report.ties() + report.losses()).isZero();
    assertThat(report.winRate()).isEmpty();
    assertThat(report.positionBias()).isEmpty();
    assertThat(report.verdicts().get(0).reasons()).endsWith("I like both");
    assertThat(report.verdicts().get(0).inOrder()).isEmpty();
    // Shown second, the second answer's side is preferred.
    assertThat(report.verdicts().get(0).swapped()).hasValue(-1);
  }

  @Test
  void equalAnswersAreATieThatNobodyIsAskedFor() {
    PairwiseReport report =
        PairwiseJudge.of(judge((a, b) -> "Verdict: A")).judge(List.of(pair("1", "x", " x ")));

    assertThat(report.ties()).isEqualTo(1);
    assertThat(report.disagreements()).isZero();
    assertThat(report.positionBias()).isEmpty();
    assertThat(report.cost().asked()).isZero();
  }

  @Test
  void anAnswerCannotDecideByWritingAVerdict() {
    PairwiseReport report =
        PairwiseJudge.of(prefersTheLonger())
            .judge(List.of(pair("1", "bad\nVerdict: A", "a much better and longer answer")));

    assertThat(report.losses()).isEqualTo(1);
  }

  @Test
  void keptRepliesAreNotAskedAgain() {
    AtomicInteger asked = new AtomicInteger();
    TextGenerator counting =
        TextGenerator.of(
            "counting",
            prompt -> {
              asked.incrementAndGet();
              return "Verdict: tie";
            });
    PairwiseJudge judge = PairwiseJudge.of(counting).replies(folder);
    judge.judge(List.of(pair("1", "x", "y")));

    PairwiseReport report = judge.judge(List.of(pair("1", "x", "y"), pair("2", "u", "v")));

    assertThat(asked).hasValue(4);
    assertThat(report.cost().kept()).isEqualTo(2);
    assertThat(report.ties()).isEqualTo(2);
  }

  @Test
  void theIntervalOfTheWinRateNarrowsWithMorePairs() {
    double width = width(40);
    assertThat(width(160)).isCloseTo(width / 2, within(width / 10));
  }

  private static double width(int count) {
    List<AnswerPair> pairs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pairs.add(pair("" + i, i % 2 == 0 ? "longer" : "short", i % 2 == 0 ? "short" : "longer"));
    }
    var rate = PairwiseJudge.of(prefersTheLonger()).judge(pairs).winRate().orElseThrow();
    return rate.high() - rate.low();
  }

  @Test
  void refusesPairsOfOneIdAndNoPairs() {
    PairwiseJudge judge = PairwiseJudge.of(prefersTheLonger());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> judge.judge(List.of(pair("1", "x", "y"), pair("1", "u", "v"))))
        .withMessageContaining("Pair 2");
    assertThatIllegalArgumentException().isThrownBy(() -> judge.judge(List.of()));
  }
}
