package io.adapt4j.eval.metric;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.internal.metric.text.EditDistance;
import io.adapt4j.eval.internal.metric.text.ErrorRate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Edits, and error rates made of them. */
class EditDistanceTest {

  @ParameterizedTest
  @CsvSource({
    "kitten,sitting,3",
    "saturday,sunday,3",
    "'',abc,3",
    "flaw,lawn,2",
    "same,same,0",
    "intention,execution,5",
    "😀a,😁a,1"
  })
  void distancesAreThoseOfTheTextbooks(String some, String other, int distance) {
    assertThat(EditDistance.between(some, other)).isEqualTo(distance);
    assertThat(EditDistance.between(other, some)).isEqualTo(distance);
  }

  @Test
  void aDetourIsNeverShorter() {
    List<String> texts = List.of("abcd", "badc", "", "aabbccdd", "dcba", "abxcd");
    for (String a : texts) {
      for (String b : texts) {
        for (String c : texts) {
          assertThat(EditDistance.between(a, c))
              .isLessThanOrEqualTo(EditDistance.between(a, b) + EditDistance.between(b, c));
        }
      }
    }
  }

  @Test
  void theNormalizedDistanceIsAShareOfTheLongerText() {
    assertThat(EditDistance.normalized("kitten", "sitting")).isCloseTo(3 / 7.0, within(1e-12));
    assertThat(EditDistance.normalized("", "")).isZero();
    assertThat(EditDistance.normalized("", "abc")).isEqualTo(1);
  }

  @Test
  void errorRatesCountTheEditsOfAllRowsTogether() {
    ErrorRate words = ErrorRate.ofWords();
    words.add("the cat sat", "the cat sat down");
    words.add("no", "yes");
    assertThat(words.rate()).isCloseTo(2 / 5.0, within(1e-12));
    ErrorRate characters = ErrorRate.ofCharacters();
    characters.add("sitting", "kitten");
    assertThat(characters.rate()).isCloseTo(0.5, within(1e-12));
  }

  @Test
  void partsCountedApartMergeToTheWhole() {
    ErrorRate left = ErrorRate.ofWords();
    ErrorRate right = ErrorRate.ofWords();
    left.add("a b", "a c");
    right.add("x y z", "x");
    left.merge(right);
    assertThat(left.rate()).isEqualTo(1);
    assertThatThrownBy(() -> left.merge(ErrorRate.ofCharacters()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("different settings");
  }

  @Test
  void badRowsAreNamed() {
    ErrorRate rate = ErrorRate.ofWords();
    rate.add("a", "");
    refuses(
        IllegalArgumentException.class, () -> rate.add(null, "a"), "Row 2: the prediction is null");
    refuses(IllegalStateException.class, rate::rate, "empty references");
  }
}
