package io.adapt4j.gguf.internal.layout;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.gguf.internal.layout.GroupedRows.Part;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Two groups of two queries, a key and a value, two rows a head: 0 to 3, 4 and 5, 6 and 7. */
class GroupedRowsTest {

  private static final long ROWS = 16;

  private static LongStream stored(Layout layout) {
    long rows = layout.order().rows(ROWS);
    return LongStream.range(0, rows).map(row -> layout.storedRow(row, rows));
  }

  @Test
  void queriesOfAllGroupsComeFirst() {
    assertThat(stored(GroupedRows.all(4, 2)))
        .containsExactly(0L, 1L, 2L, 3L, 8L, 9L, 10L, 11L, 4L, 5L, 12L, 13L, 6L, 7L, 14L, 15L);
  }

  @Test
  void aPartHasItsHeadsOnly() {
    assertThat(stored(GroupedRows.paired(4, 2, Part.VALUES))).containsExactly(6L, 7L, 14L, 15L);
    assertThat(stored(GroupedRows.paired(4, 2, Part.KEYS))).containsExactly(4L, 5L, 12L, 13L);
  }

  @Test
  void everyRowIsFoundAgain() {
    long rows = 8 * 6L;
    for (Part part : Part.values()) {
      Layout layout = GroupedRows.paired(4, 2, part);
      long own = layout.order().rows(rows);
      for (long row = 0; row < own; row++) {
        assertThat(layout.ggufRow(layout.storedRow(row, own), rows)).isEqualTo(row);
      }
      long elsewhere =
          LongStream.range(0, rows).filter(row -> layout.ggufRow(row, rows) < 0).count();
      assertThat(elsewhere).isEqualTo(rows - own);
    }
  }
}
