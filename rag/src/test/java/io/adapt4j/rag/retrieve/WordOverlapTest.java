package io.adapt4j.rag.retrieve;

import static io.adapt4j.rag.retrieve.WordOverlap.stems;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class WordOverlapTest {

  private static final WordOverlap WORDS =
      new WordOverlap(
          List.of(
              "What the union does for teachers",
              "What the mirror does",
              "What the mount does",
              "The NASUWT is one of the unions"));

  @Test
  void wordsAreTheirFirstSixLettersWhateverTheirCaseAndEnding() {
    assertThat(stems("Protests, PROTESTED protester's a"))
        .containsExactlyInAnyOrder("protes", "s", "a");
    assertThat(stems("ÜBERMÜTIG 𝒜𝒷𝒸𝒹ℯ𝒻ℊ")).contains("übermü", "𝒜𝒷𝒸𝒹ℯ𝒻");
    assertThat(stems("?! ")).isEmpty();
  }

  @Test
  void charactersOfScriptsWithoutSpacesAreWords() {
    assertThat(stems("東京はTokyo")).containsExactlyInAnyOrder("東", "京", "は", "tokyo");
  }

  @Test
  void aRareWordInCommonCountsMoreThanCommonOnes() {
    double rare = WORDS.share(stems("What is NASUWT?"), stems("NASUWT"));
    double common = WORDS.share(stems("What is NASUWT?"), stems("What for"));
    assertThat(rare).isGreaterThan(2 * common);
    assertThat(common).isPositive();
  }

  @Test
  void sharesAreWeightedByInverseDocumentFrequency() {
    // Of 4 samples, the weights of a word in 0, 1 and 3 of them.
    double none = Math.log(1 + 4.5 / 0.5);
    double one = Math.log(1 + 3.5 / 1.5);
    double three = Math.log(1 + 1.5 / 3.5);
    assertThat(WORDS.share(stems("what mirror zebra"), stems("what mirror")))
        .isCloseTo((one + three) / (one + three + none + none), within(1e-12));
  }

  @Test
  void allWordsInCommonAreLessThanAWholeShareWhereTheyAreFewAndCommon() {
    assertThat(WORDS.share(stems("what"), stems("what"))).isLessThan(0.2);
    assertThat(WORDS.share(stems(""), stems("what"))).isZero();
  }
}
