package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows are given fields beside their examples. */
class WithFieldTest {

  private static final Dataset ROWS =
      Datasets.of(List.of(new Example.Text("a"), new Example.Text("b"), new Example.Text("c")));

  @Test
  void rowsInMemoryHaveTheFieldAndAreOtherwiseTheSame() {
    Dataset rows = ROWS.weighted(1, 2, 3).withField("key", Arrays.asList("x", null, List.of(1)));
    assertThat(rows.get(1)).isEqualTo(ROWS.get(1));
    assertThat(rows.weight(2)).isEqualTo(3);
    assertThat(rows.locate(1)).isEqualTo(ROWS.locate(1));
    assertThat(rows.source(0)).contains(Row.of(Map.of("key", "x")));
    assertThat(rows.source(1).orElseThrow().has("key")).isFalse();
    assertThat(rows.source(2).orElseThrow().value("key")).isEqualTo(List.of(1L));
  }

  @Test
  void aFieldStaysWithItsRowInViewsAndBesideOthers() {
    Dataset rows =
        ROWS.withField("key", List.of(1, 2, 3)).withField("more", List.of(true, false, true));
    assertThat(rows.subset(2).weighted(2).source(0))
        .contains(Row.of(Map.of("key", 3, "more", true)));
    Split split = Splitter.of(rows).fractions(0.7, 0, 0.3).groupBy("key").split();
    assertThat(split.train().size() + split.test().size()).isEqualTo(3);
  }

  @Test
  void aFieldOfAFileIsHiddenByOneOfItsName(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, "{\"text\": \"a\", \"id\": 1, \"other\": 2}");
    Dataset rows = Datasets.read(file).open().withField("id", List.of(9));
    assertThat(rows.source(0).orElseThrow().value("id")).isEqualTo(9L);
    assertThat(rows.source(0).orElseThrow().value("other")).isEqualTo(2L);
    assertThat(Datasets.read(file).open().source(0).orElseThrow().value("id")).isEqualTo(1L);
  }

  @Test
  void everyRowNeedsAValueOfAPlainType() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ROWS.withField("key", List.of(1, 2)))
        .withMessageContaining("expected a value for each of 3 rows, found 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ROWS.withField("key", List.of(1, 2, new Object())))
        .withMessageContaining("found a java.lang.Object");
  }
}
