package io.adapt4j.eval.metric;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.internal.metric.Gain;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Rankings are judged as by trec_eval. */
class RetrievalTest {
  private static final Offset<Double> EQUAL = within(1e-12);
  private static final Map<String, Integer> GRADES =
      Map.of("a", 3, "b", 2, "c", 3, "d", 0, "e", 1, "f", 2, "g", 3, "h", 2);

  /** DCG 6.861 over an ideal 8.740, the worked example of many lecture notes. */
  @Test
  void ndcgIsTheShareOfTheIdealGain() {
    Retrieval retrieval = new Retrieval(6);
    retrieval.add("q", List.of("a", "b", "c", "d", "e", "f"), GRADES);
    assertThat(retrieval.ndcg(6)).isCloseTo(0.785, within(5e-4));
  }

  @Test
  void exponentialGainStressesTheBestDocuments() {
    Retrieval retrieval = new Retrieval(Gain.EXPONENTIAL, 2);
    retrieval.add("q", List.of("b", "a"), Map.of("a", 3, "b", 2));
    double log3 = Math.log(3) / Math.log(2);
    assertThat(retrieval.ndcg(2)).isCloseTo((3 + 7 / log3) / (7 + 3 / log3), EQUAL);
  }

  @Test
  void averagePrecisionIsTakenAtEachRelevantDocument() {
    Retrieval retrieval = new Retrieval(5);
    retrieval.add("one", List.of("x", "a", "y", "b", "z"), Map.of("a", 1, "b", 1, "never", 1));
    assertThat(retrieval.meanAveragePrecision()).isCloseTo((1 / 2.0 + 2 / 4.0) / 3, EQUAL);
    assertThat(retrieval.meanReciprocalRank()).isEqualTo(0.5);
    assertThat(retrieval.recall(5)).isCloseTo(2 / 3.0, EQUAL);
    assertThat(retrieval.precision(5)).isCloseTo(0.4, EQUAL);
  }

  @Test
  void aRankingShorterThanKHasNoMoreHits() {
    Retrieval retrieval = new Retrieval(10);
    retrieval.add("q", List.of("a"), Map.of("a", 1));
    retrieval.add("nothing found", List.of(), Map.of("a", 1));
    assertThat(retrieval.precision(10)).isCloseTo(0.05, EQUAL);
    assertThat(retrieval.ndcg(10)).isEqualTo(0.5);
    assertThat(retrieval.meanReciprocalRank()).isEqualTo(0.5);
  }

  @Test
  void theIdealRankingScoresOneAndRecallGrowsWithK() {
    Retrieval retrieval = new Retrieval(1, 3, 8);
    retrieval.add("q", List.of("a", "c", "g", "b", "f", "h", "e", "d"), GRADES);
    assertThat(retrieval.ndcg(1)).isCloseTo(1, EQUAL);
    assertThat(retrieval.ndcg(8)).isCloseTo(1, EQUAL);
    assertThat(retrieval.meanAveragePrecision()).isCloseTo(1, EQUAL);
    assertThat(retrieval.recall(1)).isLessThan(retrieval.recall(3));
    assertThat(retrieval.recall(8)).isEqualTo(1);
  }

  @Test
  void partsCountedApartMergeToTheWhole() {
    Retrieval left = new Retrieval(2);
    Retrieval right = new Retrieval(2);
    Retrieval whole = new Retrieval(2);
    left.add("1", List.of("a", "d"), GRADES);
    right.add("2", List.of("d", "e"), GRADES);
    whole.add("1", List.of("a", "d"), GRADES);
    whole.add("2", List.of("d", "e"), GRADES);
    left.merge(right);
    assertThat(left.ndcg(2)).isEqualTo(whole.ndcg(2));
    assertThat(left.meanAveragePrecision()).isEqualTo(whole.meanAveragePrecision());
    refuses(
        IllegalArgumentException.class, () -> left.merge(right), "Query \"2\" is in both parts");
  }

  @Test
  void badRowsAreNamed() {
    Retrieval retrieval = new Retrieval(1);
    retrieval.add("q", List.of("a"), Map.of("a", 1));
    assertThatThrownBy(() -> retrieval.add("q", List.of("a"), Map.of("a", 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 2: query \"q\" was added before");
    assertThatThrownBy(() -> retrieval.add("r", List.of("a", "a"), Map.of("a", 1)))
        .hasMessageContaining("Row 2: document \"a\" is ranked twice");
    assertThatThrownBy(() -> retrieval.add("r", List.of("a"), Map.of("a", -1)))
        .hasMessageContaining("grade -1");
    assertThatThrownBy(() -> retrieval.add("r", List.of("a"), Map.of("a", 0)))
        .hasMessageContaining("Row 2: no document is relevant");
    assertThatThrownBy(() -> retrieval.ndcg(5)).hasMessageContaining("k = 5 was not counted");
    assertThatThrownBy(() -> new Retrieval(1).ndcg(1)).isInstanceOf(IllegalStateException.class);
  }
}
