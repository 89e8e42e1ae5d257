package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whether a text was among others, of which only hashes are known. */
class TextTraceTest {

  private static final String PASSAGE =
      "Items may be sent back within thirty days, if they are unused and in their box.";

  private static boolean finds(String sought, String... texts) {
    TextTrace trace = TextTrace.of(List.of(texts));
    boolean found = TextTrace.sought(List.of(sought)).isIn(TextTrace.decode(trace.encoded()));
    assertThat(TextTrace.sought(List.of(sought)).isIn(trace)).isEqualTo(found);
    return found;
  }

  @Test
  void aWholeTextIsFoundWhateverIsAroundIt() {
    assertThat(finds(PASSAGE, "Sources:\n[1] \"" + PASSAGE + "\"\nQuestion: How long?")).isTrue();
    assertThat(finds("unused items only", "We take UNUSED items, only.")).isTrue();
    assertThat(finds(PASSAGE, "Items may be sent back within fourteen days, if they are new."))
        .isFalse();
  }

  @Test
  void eightWordsInARowAreAQuotation() {
    assertThat(finds(PASSAGE, "may be sent back within thirty days if")).isTrue();
    assertThat(finds(PASSAGE, "may be sent back within thirty days")).isFalse();
  }

  @Test
  void aShortPassageIsFoundWithoutItsHeading() {
    assertThat(finds("# Norway\n\nParcels take nine days there.", "Parcels take nine days there."))
        .isFalse();
    assertThat(
            finds("# Norway\n\nParcels take nine to ten days.", "Parcels take nine to ten days."))
        .isTrue();
  }

  @Test
  void oneOrTwoWordsMayBeAnywhere() {
    assertThat(finds("zebra", "a b c")).isTrue();
    assertThat(finds("...", "a b c")).isFalse();
    TextTrace.Sought two = TextTrace.sought(List.of("word zebra"));
    assertThat(two.isIn("The word: zebra!")).isTrue();
    assertThat(two.isIn("zebra word")).isFalse();
  }

  @Test
  void theTextItselfIsNotKept() {
    String encoded = TextTrace.of(List.of(PASSAGE)).encoded();
    assertThat(encoded).hasSize(4 * 14).doesNotContain("Items");
  }

  @Test
  void textsOfNestedValuesAreFound() {
    assertThat(TextTrace.texts(Map.of("a", List.of("x", Map.of("b", "y", "n", 1)))))
        .containsExactlyInAnyOrder("x", "y");
  }
}
