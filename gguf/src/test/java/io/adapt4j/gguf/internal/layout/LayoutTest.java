package io.adapt4j.gguf.internal.layout;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LayoutTest {

  @Test
  void putsTheHalvesOfAHeadSideBySide() {
    Layout layout = Layout.rotaryPairs(2, 1);
    assertThat(LongStream.range(0, 8).map(row -> layout.storedRow(row, 8)))
        .containsExactly(0L, 2L, 1L, 3L, 4L, 6L, 5L, 7L);
  }

  @Test
  void putsQueriesOfAllHeadsBeforeKeysAndValues() {
    Layout layout = Layout.queriesKeysValues(2);
    assertThat(LongStream.range(0, 12).map(row -> layout.storedRow(row, 12)))
        .containsExactly(0L, 1L, 6L, 7L, 2L, 3L, 8L, 9L, 4L, 5L, 10L, 11L);
  }

  @Test
  void findsTheWayBack() {
    for (Layout layout :
        new Layout[] {
          Layout.rotaryPairs(3, 1), Layout.rotaryHalves(3, 0.5), Layout.queriesKeysValues(4)
        }) {
      long rows = 12 * 4 * 3;
      assertThat(
              LongStream.range(0, rows)
                  .map(row -> layout.ggufRow(layout.storedRow(row, rows), rows)))
          .containsExactlyElementsOf(LongStream.range(0, rows).boxed().toList());
    }
  }
}
