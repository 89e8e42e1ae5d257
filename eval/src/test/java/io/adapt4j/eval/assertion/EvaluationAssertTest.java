package io.adapt4j.eval.assertion;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.eval.assertion.EvaluationAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.SampleReports;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;

class EvaluationAssertTest {

  private static final EvaluationReport SINGLE = SampleReports.single();
  private static final ComparisonReport COMPARISON = SampleReports.comparison();

  private static ThrowableAssertAlternative<AssertionError> failure(ThrowingCallable check) {
    return assertThatExceptionOfType(AssertionError.class).isThrownBy(check);
  }

  private static String four(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  /** General items of which the baseline and another get some right. */
  private static ComparisonReport general(double base, double tuned) {
    Map<String, Candidate> candidates = new LinkedHashMap<>();
    candidates.put("base", SampleReports.candidate("a", base, 3));
    candidates.put("tuned", SampleReports.candidate("b", tuned, 3));
    return Evaluator.builder()
        .tasks(SampleReports.counting(100).general())
        .build()
        .compare(candidates);
  }

  @Test
  void passesWhereScoresReachWhatIsRequired() {
    double accuracy = SINGLE.result("exam").score().value();

    assertThatCode(
            () ->
                assertThat(SINGLE)
                    .scores("exam")
                    .atLeast(accuracy)
                    .scores("exam", "mc2")
                    .atLeast(0.3)
                    .scores("texts")
                    .atMost(2)
                    .scores("exam")
                    .surelyAtLeast(0.2)
                    .costsLessThan(Duration.ofHours(1))
                    .costsLessThanTokens(1_000_000))
        .doesNotThrowAnyException();
  }

  @Test
  void namesTaskMetricIntervalAndWhatWasRequired() {
    var score = SINGLE.result("exam").score();

    failure(() -> assertThat(SINGLE).scores("exam").atLeast(0.99))
        .withMessage(
            "Candidate 'tuned': acc of task 'exam' is %s (95 %% interval %s to %s) on 120 items,"
                + " expected at least 0.9900",
            four(score.value()), four(score.low()), four(score.high()));
    failure(() -> assertThat(SINGLE).scores("texts", "perplexity").atMost(1.5))
        .withMessageContaining("perplexity of task 'texts'")
        .withMessageContaining("at most 1.5000");
  }

  @Test
  void requiresTheWholeIntervalWhereItMustBeSure() {
    double accuracy = SINGLE.result("exam").score().value();

    failure(() -> assertThat(SINGLE).scores("exam").surelyAtLeast(accuracy))
        .withMessageContaining("in the whole interval");
    failure(() -> assertThat(SINGLE).scores("exam").surelyAtMost(accuracy))
        .withMessageContaining("in the whole interval");
  }

  @Test
  void namesWhatItCost() {
    failure(() -> assertThat(SINGLE).costsLessThanTokens(10))
        .withMessageContaining("fewer than 10 tokens")
        .withMessageContaining("308 (308 read, 0 written)");
    failure(() -> assertThat(COMPARISON).costsLessThan(Duration.ZERO))
        .withMessageContaining("less than 0.000 s")
        .withMessageContaining("308 requests");
  }

  @Test
  void refusesTasksAndMetricsThatAreNotThere() {
    refuses(IllegalArgumentException.class, () -> assertThat(SINGLE).scores("exma"), "'exma'");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> assertThat(COMPARISON).scores("exam", "bleu"))
        .withMessageContaining("'bleu'");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> assertThat(COMPARISON).candidate("nobody"))
        .withMessageContaining("'nobody'");
    refuses(IllegalArgumentException.class, () -> assertThat(COMPARISON).isNotWorse("exma"));
  }

  @Test
  void tellsWhatGeneralAbilitiesWereRetained() {
    assertThatCode(() -> assertThat(general(0.9, 0.9)).retains(0.98).surelyRetains(0.98))
        .doesNotThrowAnyException();
    failure(() -> assertThat(general(0.9, 0.5)).retains(0.98))
        .withMessageContaining("Candidate 'tuned': exact_match of task 'counting'")
        .withMessageContaining("expected at least 0.9800 of the baseline 'base'");
    failure(() -> assertThat(general(0.9, 0.88)).surelyRetains(0.999))
        .withMessageContaining("in the whole interval");
  }

  @Test
  void doesNotPassARetentionThatNoTaskTellsOf() {
    Map<String, Candidate> candidates = new LinkedHashMap<>();
    candidates.put("base", SampleReports.candidate("a", 0.5, 3));
    candidates.put("tuned", SampleReports.candidate("b", 0.5, 3));
    ComparisonReport none =
        Evaluator.builder().tasks(SampleReports.counting(10)).build().compare(candidates);

    failure(() -> assertThat(none).retains(0.5)).withMessageContaining("Task.general()");
  }

  @Test
  void tellsBetterFromWorseAndFromNoDifference() {
    assertThatCode(
            () ->
                assertThat(COMPARISON)
                    .isNotWorse()
                    .candidate("tuned")
                    .isBetter("exam")
                    .isNotWorse("counting"))
        .doesNotThrowAnyException();
    failure(() -> assertThat(COMPARISON).isBetter("texts"))
        .withMessageContaining("bits_per_byte of task 'texts'")
        .withMessageContaining("smaller is better");
    failure(() -> assertThat(general(0.9, 0.4)).isNotWorse())
        .withMessageContaining("exact_match of task 'counting' less that of the baseline 'base'")
        .withMessageContaining("p = ")
        .withMessageContaining("expected it not to be worse at a level of 0.05");
  }

  @Test
  void checksEveryCandidateButTheBaseline() {
    double base = COMPARISON.baseline().result("exam").score().value();
    double tuned = COMPARISON.report("tuned").result("exam").score().value();

    failure(() -> assertThat(COMPARISON).scores("exam").atLeast(tuned))
        .withMessageContaining("'tuned and rag'");
    assertThatCode(() -> assertThat(COMPARISON).candidate("tuned").scores("exam").atLeast(tuned))
        .doesNotThrowAnyException();
    failure(() -> assertThat(COMPARISON).candidate("base").scores("exam").atLeast(base + 0.01))
        .withMessageContaining("'base'");
  }
}
