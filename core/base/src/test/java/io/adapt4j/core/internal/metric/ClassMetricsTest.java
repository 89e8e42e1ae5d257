package io.adapt4j.core.internal.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Metrics against scikit-learn's (zero_division 0, tolerance 1e-9) and against counted cases. */
class ClassMetricsTest {

  @Test
  void classesAreMeasuredAsScikitLearnDoes() throws IOException {
    for (JsonNode node : golden().get("cases")) {
      List<String> labels = texts(node.get("labels"));
      Confusion confusion = new Confusion(labels);
      for (int i = 0; i < node.get("y_true").size(); i++) {
        confusion.add(node.get("y_true").get(i).asInt(), node.get("y_pred").get(i).asInt());
      }
      String name = node.get("name").asText();
      assertThat(confusion.accuracy())
          .as(name)
          .isCloseTo(node.get("accuracy").asDouble(), within(1e-9));
      assertThat(confusion.table().microF1())
          .as(name)
          .isCloseTo(node.get("micro").get("f1").asDouble(), within(1e-9));
      List<Counts> counts = confusion.table().counts();
      for (int i = 0; i < labels.size(); i++) {
        JsonNode perClass = node.get("per_class");
        assertThat(counts.get(i).precision())
            .isCloseTo(perClass.get("precision").get(i).asDouble(), within(1e-9));
        assertThat(counts.get(i).recall())
            .isCloseTo(perClass.get("recall").get(i).asDouble(), within(1e-9));
        assertThat(counts.get(i).f1())
            .isCloseTo(perClass.get("f1").get(i).asDouble(), within(1e-9));
        assertThat(counts.get(i).support()).isEqualTo(perClass.get("support").get(i).asLong());
      }
      // scikit-learn was told all labels there; without that it takes the mean as is done here.
      if (counts.stream().allMatch(Counts::occurs)) {
        assertThat(confusion.table().macroF1())
            .as(name)
            .isCloseTo(node.get("macro").get("f1").asDouble(), within(1e-9));
      }
    }
  }

  private static JsonNode golden() throws IOException {
    return Json.parse(Files.readString(Golden.folder("metrics/classification.json")));
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }

  @Test
  void theReportShowsTheMostFrequentMistakesFirst() {
    Confusion confusion = new Confusion(List.of("card lost", "card stolen", "top up"));
    for (int i = 0; i < 3; i++) {
      confusion.add(0, 1);
      confusion.add(2, 2);
    }
    confusion.add(1, 0);
    assertThat(confusion.worst(1))
        .containsExactly(new Confusion.Mistake("card lost", "card stolen", 3));
    assertThat(confusion.text())
        .containsSubsequence("class", "top up", "1.0000  1.0000  1.0000        3", "Most frequent")
        .containsSubsequence("3  card lost, card stolen", "1  card stolen, card lost");
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    confusion.json(json);
    assertThat(json.get("matrix").toString()).isEqualTo("[[0,3,0],[1,0,0],[0,0,3]]");
    assertThat(json.get("classes").get(2).get("f1").asDouble()).isEqualTo(1);
  }

  @Test
  void numbersAreMeasuredAsTheReferenceDoes() throws IOException {
    JsonNode golden = golden().get("regression");
    double[] truth = numbers(golden.get("y_true"));
    double[] predicted = numbers(golden.get("y_pred"));
    assertThat(NumberErrors.meanSquared(truth, predicted))
        .isCloseTo(golden.get("mse").asDouble(), within(1e-9));
    assertThat(NumberErrors.pearson(truth, predicted))
        .isCloseTo(golden.get("pearson").asDouble(), within(1e-9));
    assertThat(NumberErrors.spearman(truth, predicted))
        .isCloseTo(golden.get("spearman").asDouble(), within(1e-9));
  }

  private static double[] numbers(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false)
        .mapToDouble(JsonNode::asDouble)
        .toArray();
  }

  @Test
  void anEntityBeginsWithBOrWithIOfAnotherType() {
    assertThat(Entities.of(List.of("I-PER", "I-PER", "O", "B-LOC", "B-LOC", "I-LOC", "I-PER")))
        .containsExactly(
            new Entities.Span("PER", 0, 2),
            new Entities.Span("LOC", 3, 4),
            new Entities.Span("LOC", 4, 6),
            new Entities.Span("PER", 6, 7));
    assertThat(
            Entities.compare(
                List.of("B-PER", "I-PER", "O", "B-LOC"), List.of("B-PER", "O", "O", "B-LOC")))
        .isEqualTo(new Counts(1, 1, 1));
    assertThat(Entities.areMarked(List.of("O", "B-PER", "I-PER"))).isTrue();
    assertThat(Entities.areMarked(List.of("NOUN", "VERB"))).isFalse();
  }
}
