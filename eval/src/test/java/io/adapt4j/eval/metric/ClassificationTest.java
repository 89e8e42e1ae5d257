package io.adapt4j.eval.metric;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.metric.Counts;
import io.adapt4j.eval.internal.metric.probability.MulticlassAuc;
import io.adapt4j.eval.internal.metric.probability.ProbabilityScores;
import io.adapt4j.eval.internal.metric.probability.RocAuc;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Classes, scores and probabilities are judged as by scikit-learn 1.4.2. */
class ClassificationTest {
  private static final Offset<Double> EQUAL = within(1e-9);

  static Stream<JsonNode> cases() throws IOException {
    List<JsonNode> cases = new ArrayList<>();
    Golden.read("classification.json").get("cases").forEach(cases::add);
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void decisionsAreJudgedAsByScikitLearn(JsonNode row) {
    Classification scores = classification(row);
    assertThat(scores.accuracy()).isCloseTo(row.get("accuracy").asDouble(), EQUAL);
    assertThat(scores.balancedAccuracy()).isCloseTo(row.get("balanced_accuracy").asDouble(), EQUAL);
    assertThat(scores.matthews()).isCloseTo(row.get("mcc").asDouble(), EQUAL);
    assertThat(scores.cohenKappa()).isCloseTo(row.get("cohen_kappa").asDouble(), EQUAL);
    for (Average average : Average.values()) {
      JsonNode expected = row.get(average.name().toLowerCase(Locale.ROOT));
      assertThat(scores.precision(average)).isCloseTo(expected.get("precision").asDouble(), EQUAL);
      assertThat(scores.recall(average)).isCloseTo(expected.get("recall").asDouble(), EQUAL);
      assertThat(scores.f1(average)).isCloseTo(expected.get("f1").asDouble(), EQUAL);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void classesAndConfusionAreThoseOfScikitLearn(JsonNode row) {
    Classification scores = classification(row);
    List<String> labels = Golden.texts(row.get("labels"));
    JsonNode expected = row.get("per_class");
    for (int i = 0; i < labels.size(); i++) {
      Counts counts = scores.table().counts().get(i);
      assertThat(counts.precision()).isCloseTo(expected.get("precision").get(i).asDouble(), EQUAL);
      assertThat(counts.recall()).isCloseTo(expected.get("recall").get(i).asDouble(), EQUAL);
      assertThat(counts.f1()).isCloseTo(expected.get("f1").get(i).asDouble(), EQUAL);
      assertThat(counts.support()).isEqualTo(expected.get("support").get(i).asLong());
      for (int j = 0; j < labels.size(); j++) {
        assertThat(scores.count(labels.get(i), labels.get(j)))
            .isEqualTo(row.get("confusion_matrix").get(i).get(j).asLong());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void scoresAndProbabilitiesAreJudgedAsByScikitLearn(JsonNode row) {
    List<String> labels = Golden.texts(row.get("labels"));
    List<String> truth = Golden.texts(row.get("y_true"));
    RocAuc binary = new RocAuc();
    ProbabilityScores scores = new ProbabilityScores(labels.size());
    MulticlassAuc areas = new MulticlassAuc(labels.size());
    for (int i = 0; i < truth.size(); i++) {
      int number = labels.indexOf(truth.get(i));
      if (row.has("scores")) {
        binary.add(number == 1, row.get("scores").get(i).asDouble());
      }
      if (row.has("probabilities")) {
        double[] probabilities = Golden.numbers(row.get("probabilities").get(i));
        scores.add(number, probabilities);
        areas.add(number, probabilities);
      }
    }
    check(row, "roc_auc", binary::area);
    check(row, "average_precision", binary::averagePrecision);
    check(row, "log_loss", scores::logLoss);
    check(row, "roc_auc_ovr_macro", areas::oneVersusRest);
    check(row, "roc_auc_ovo_macro", areas::oneVersusOne);
  }

  private static void check(JsonNode row, String name, DoubleSupplier metric) {
    if (row.has(name)) {
      assertThat(metric.getAsDouble()).as(name).isCloseTo(row.get(name).asDouble(), EQUAL);
    }
  }

  @Test
  void partsCountedApartMergeToTheWhole() throws IOException {
    JsonNode row = cases().toList().get(1);
    Classification whole = classification(row);
    Classification twice = classification(row);
    twice.merge(whole);
    assertThat(twice.rows()).isEqualTo(2 * whole.rows());
    assertThat(twice.accuracy()).isEqualTo(whole.accuracy());
    assertThat(twice.matthews()).isCloseTo(whole.matthews(), EQUAL);
    assertThat(twice.f1(Average.MACRO)).isCloseTo(whole.f1(Average.MACRO), EQUAL);
  }

  @Test
  void swappingTruthAndPredictionsKeepsMatthewsAndSwapsPrecisionAndRecall() {
    List<String> labels = List.of("a", "b", "c");
    Classification classification = new Classification(labels);
    Classification back = new Classification(labels);
    for (String pair : List.of("aa", "ab", "bb", "bc", "cc", "ca", "cc")) {
      classification.add(pair.substring(0, 1), pair.substring(1));
      back.add(pair.substring(1), pair.substring(0, 1));
    }
    assertThat(classification.matthews()).isCloseTo(back.matthews(), EQUAL);
    assertThat(classification.cohenKappa()).isCloseTo(back.cohenKappa(), EQUAL);
    assertThat(classification.precision(Average.MACRO))
        .isCloseTo(back.recall(Average.MACRO), EQUAL);
  }

  @Test
  void badRowsAreNamed() {
    Classification scores = new Classification(List.of("yes", "no"));
    scores.add("yes", "no");
    assertThatThrownBy(() -> scores.add("yes", "maybe"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 2: the predicted label \"maybe\" is none of the labels");
    assertThatThrownBy(() -> scores.add("maybe", "yes"))
        .hasMessageContaining("Row 2: the true label");
    assertThat(scores.rows()).isEqualTo(1);
    assertThatThrownBy(() -> new Classification(List.of("a", "a")))
        .hasMessageContaining("stands twice");
    refuses(
        IllegalStateException.class, () -> new Classification(List.of("a")).accuracy(), "no rows");
    assertThatThrownBy(() -> scores.merge(new Classification(List.of("no", "yes"))))
        .hasMessageContaining("different settings");
  }

  private static Classification classification(JsonNode row) {
    Classification scores = new Classification(Golden.texts(row.get("labels")));
    List<String> truth = Golden.texts(row.get("y_true"));
    List<String> predicted = Golden.texts(row.get("y_pred"));
    for (int i = 0; i < truth.size(); i++) {
      scores.add(truth.get(i), predicted.get(i));
    }
    return scores;
  }
}
