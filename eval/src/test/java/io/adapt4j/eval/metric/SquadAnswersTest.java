package io.adapt4j.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Answers score as in transformers' squad_metrics. */
class SquadAnswersTest {

  @Test
  void answersScoreAsInTheReference() throws IOException {
    for (JsonNode row : Golden.read("squad.json").get("cases")) {
      String gold = row.get("gold").asText();
      String said = row.get("prediction").asText();
      assertThat(SquadAnswers.normalize(gold)).isEqualTo(row.get("gold_normalized").asText());
      assertThat(SquadAnswers.normalize(said)).isEqualTo(row.get("prediction_normalized").asText());
      SquadAnswers.Answer answer = new SquadAnswers().add(said, List.of(gold));
      assertThat(answer.exact()).as(gold).isEqualTo(row.get("exact").asInt() == 1);
      assertThat(answer.f1()).as(gold).isCloseTo(row.get("f1").asDouble(), within(1e-9));
    }
  }

  @Test
  void articlesAreWordsOfTheirOwn() {
    assertThat(SquadAnswers.normalize("a_b an2 theβ the end")).isEqualTo("ab an2 theβ end");
  }

  @Test
  void theBestOfSeveralAnswersCountsAndEmptyOnesDoNot() {
    SquadAnswers scores = new SquadAnswers();
    assertThat(scores.add("42", List.of("forty two", "42", "")).exact()).isTrue();
    assertThat(scores.add("", List.of("", "42")).exact()).isFalse();
    assertThat(scores.add("", List.of()).exact()).isTrue();
    assertThat(scores.exactMatch()).isCloseTo(2 / 3.0, within(1e-12));
  }

  @Test
  void partsCountedApartMergeToTheWhole() {
    SquadAnswers left = new SquadAnswers();
    left.add("york new", List.of("New York City"));
    SquadAnswers right = new SquadAnswers();
    right.add("yes", List.of("yes"));
    left.merge(right);
    assertThat(left.f1()).isCloseTo(0.9, within(1e-12));
    assertThat(left.exactMatch()).isEqualTo(0.5);
  }

  @Test
  void badRowsAreNamed() {
    SquadAnswers scores = new SquadAnswers();
    scores.add("a", List.of("b"));
    assertThatThrownBy(() -> scores.add(null, List.of("b")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 2: the prediction is null");
    assertThatThrownBy(() -> scores.add("a", Arrays.asList("b", null)))
        .hasMessageContaining("Row 2: an answer is null");
    assertThatThrownBy(() -> new SquadAnswers().f1()).isInstanceOf(IllegalStateException.class);
  }
}
