package io.adapt4j.eval.failure;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.SampleReports;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.metric.Confusion;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FailureAnalysisTest {

  private static final TaskMetric SCORE = TaskMetric.mean("score");

  private static Outcome outcome(String id, String prompt, double score, double confidence) {
    return new Outcome(
        id,
        prompt,
        "yes",
        score < 0.5 ? "no" : "yes",
        Map.of("score", score),
        OptionalDouble.of(confidence),
        Map.of("kind", id.substring(0, 1)));
  }

  private static TaskResult result(TaskMetric metric, List<Outcome> outcomes) {
    double value = metric.of(outcomes);
    return new TaskResult(
        "task",
        false,
        List.of(metric),
        Map.of(metric.name(), new ConfidenceInterval(value, value, value, 0.95)),
        outcomes);
  }

  private static FailureAnalysis analysis(Outcome... outcomes) {
    return FailureAnalysis.of(result(SCORE, List.of(outcomes)));
  }

  private static List<String> ids(List<Outcome> outcomes) {
    return outcomes.stream().map(Outcome::id).toList();
  }

  @Test
  void listsTheWorstFirstAndOfEqualOnesThoseOfWhichTheModelWasSurest() {
    FailureAnalysis found =
        analysis(
            outcome("a1", "p", 0, 0.6),
            outcome("a2", "p", 1, 0.9),
            outcome("a3", "p", 0.4, 0.9),
            outcome("a4", "p", 0, 0.8));

    assertThat(ids(found.failures())).containsExactly("a4", "a1", "a3");
    assertThat(ids(found.worst(2))).containsExactly("a4", "a1");
    assertThat(found.hasFailed("a3")).isTrue();
    assertThat(found.hasFailed("a2")).isFalse();
  }

  @Test
  void hasNoWorstCasesWhereNothingFailed() {
    FailureAnalysis found = analysis(outcome("a1", "p", 1, 0.6), outcome("a2", "p", 0.5, 0.6));

    assertThat(found.failures()).isEmpty();
    assertThat(found.worst(10)).isEmpty();
    assertThat(found.confusions(10)).isEmpty();
    assertThat(found.clusters(Clustering.with(texts -> List.of()))).isEmpty();
  }

  @Test
  void countsWhatIsWorseThanTheWholeAsFailedWhereAFigureHasNoRightOrWrong() {
    TaskResult texts = SampleReports.single().result("texts");
    FailureAnalysis found = FailureAnalysis.of(texts);

    // The candidate needs one nat a character, whatever the text.
    assertThat(found.threshold()).isEqualTo(texts.score().value());
    assertThat(found.failures()).isEmpty();

    TaskMetric errors = new TaskMetric("errors", false, new TaskMetric.Mean("score"));
    FailureAnalysis many =
        FailureAnalysis.of(
            result(
                errors,
                List.of(
                    outcome("a1", "p", 2, 0.5),
                    outcome("a2", "p", 9, 0.5),
                    outcome("a3", "p", 4, 0.5))));
    assertThat(many.threshold()).isEqualTo(5);
    assertThat(ids(many.failures())).containsExactly("a2");
  }

  @Test
  void takesAnotherThreshold() {
    TaskResult result =
        result(SCORE, List.of(outcome("a1", "p", 0.6, 0.5), outcome("a2", "p", 0.9, 0.5)));

    assertThat(ids(FailureAnalysis.of(result, 0.8).failures())).containsExactly("a1");
    refuses(
        IllegalArgumentException.class, () -> FailureAnalysis.of(result, Double.NaN), "threshold");
  }

  @Test
  void slicesByAFieldWithTheSliceThatSurelyFailsFirst() {
    List<Outcome> outcomes = new ArrayList<>();
    outcomes.add(outcome("x0", "p", 0, 0.5));
    for (int i = 0; i < 40; i++) {
      outcomes.add(outcome("y" + i, "p", i < 30 ? 0 : 1, 0.5));
      outcomes.add(outcome("z" + i, "p", i < 4 ? 0 : 1, 0.5));
    }
    FailureAnalysis found = FailureAnalysis.of(result(SCORE, outcomes));

    List<Slice> slices = found.slices("kind");

    // All of x failed, but it is a single item.
    assertThat(slices).extracting(Slice::name).containsExactly("y", "x", "z");
    assertThat(slices.get(0).items()).isEqualTo(40);
    assertThat(slices.get(0).failures()).isEqualTo(30);
    assertThat(slices.get(0).metric()).isEqualTo(0.25);
    assertThat(slices.get(0).failureRate().value()).isEqualTo(0.75);
  }

  @Test
  void refusesAFieldThatNoItemHas() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> analysis(outcome("a1", "p", 0, 0.5)).slices("subject"))
        .withMessageContaining("'subject'")
        .withMessageContaining("kind");
  }

  @Test
  void countsWhichAnswerWasTakenForWhich() {
    FailureAnalysis found = FailureAnalysis.of(SampleReports.single().result("exam"));

    List<Confusion> pairs = found.confusions(3);

    assertThat(pairs).hasSize(3);
    assertThat(pairs).allSatisfy(confusion -> assertThat(confusion.got()).startsWith("wrong"));
    assertThat(analysis(outcome("a", "p", 0, 1), outcome("b", "p", 0, 1)).confusions(5))
        .containsExactly(new Confusion("yes", "no", 2));
  }

  @Test
  void keepsItemsOfOneLengthInOneBucket() {
    FailureAnalysis found =
        analysis(
            outcome("a", "1", 0, 0.5),
            outcome("b", "1", 0, 0.5),
            outcome("c", "1", 1, 0.5),
            outcome("d", "12345", 1, 0.5));

    assertThat(found.byLength(2)).extracting(Slice::name).containsExactly("1", "5");
    assertThat(found.byLength(2)).extracting(Slice::failures).containsExactly(2L, 0L);
  }

  @Test
  void bucketsByConfidenceWhereItIsKnown() {
    assertThat(FailureAnalysis.of(SampleReports.single().result("counting")).byConfidence(4))
        .isEmpty();
    List<Slice> buckets = FailureAnalysis.of(SampleReports.single().result("exam")).byConfidence(4);
    assertThat(buckets).hasSize(4);
    // The candidate of the sample is surer where it is right.
    assertThat(buckets.get(3).metric()).isGreaterThan(buckets.get(0).metric());
  }

  @Property
  void bucketsHoldEveryItemOnceInRisingOrder(
      @ForAll @Size(min = 1, max = 60) List<@DoubleRange(min = 0, max = 1) Double> confidences,
      @ForAll @IntRange(min = 1, max = 12) int most) {
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < confidences.size(); i++) {
      outcomes.add(outcome("i" + i, "p", i % 2, confidences.get(i)));
    }
    List<Slice> buckets = FailureAnalysis.of(result(SCORE, outcomes)).byConfidence(most);

    assertThat(buckets).hasSizeBetween(1, most);
    assertThat(buckets.stream().mapToLong(Slice::items).sum()).isEqualTo(outcomes.size());
    assertThat(buckets.stream().mapToLong(Slice::failures).sum())
        .isEqualTo((outcomes.size() + 1) / 2);
    List<Double> lows =
        buckets.stream().map(bucket -> Double.valueOf(bucket.name().split(" ", 2)[0])).toList();
    assertThat(lows).isSorted();
  }

  @Test
  void findsTheQuestionBehindSolvedOnes() {
    FailureAnalysis found = FailureAnalysis.of(SampleReports.single().result("exam"));

    assertThat(found.question(found.result().outcomes().get(3)))
        .isEqualTo("Question: Which is number 3?\nAnswer:");
    FailureAnalysis sameEnd =
        analysis(
            outcome("a", "Instruction\n\nHow?\n\nResponse:", 0, 1),
            outcome("b", "Instruction\n\nWhy?\n\nResponse:", 0, 1));
    assertThat(sameEnd.question(sameEnd.result().outcomes().get(1))).isEqualTo("Why?");
  }

  @Test
  void knowsWhichWayOfEachMetricIsBetter() {
    TaskResult counting = SampleReports.single().result("counting");

    assertThat(counting.primary().largerIsBetter()).isTrue();
    assertThat(counting.metric("cut").largerIsBetter()).isFalse();
    assertThat(counting.metric("cut").isBetter(0.1, 0.2)).isTrue();
    assertThat(counting.primary().of(counting.outcomes().get(0))).isCloseTo(1, within(1.0));
    refuses(IllegalArgumentException.class, () -> counting.metric("bleu"), "exact_match");
  }
}
