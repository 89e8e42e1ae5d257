package io.adapt4j.upkeep.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The texts of rows by which kept prompts are found. */
class RowTextsTest {

  @TempDir private Path folder;

  private Dataset data(String... rows) throws IOException {
    return Datasets.jsonl(Files.write(folder.resolve("rows.jsonl"), List.of(rows)));
  }

  @Test
  void textsThatOtherRowsHaveTooDoNotCount() throws IOException {
    String row = "{\"prompt\":\"Answer in one short sentence\",\"completion\":\"%s\"}";
    Dataset data = data(row.formatted("the dog of Anna ran away"), row.formatted("Yes"));
    assertThat(RowTexts.of(data, Set.of(0))).containsExactly("the dog of Anna ran away");
    assertThat(RowTexts.of(data, Set.of(0, 1)))
        .containsExactlyInAnyOrder("Answer in one short sentence", "the dog of Anna ran away");
  }

  @Test
  void shortTextsCountIfThereAreNoOthers() throws IOException {
    Dataset data = data("{\"text\":\"Anna\"}", "{\"text\":\"Bert\"}");
    assertThat(RowTexts.of(data, Set.of(1))).containsExactly("Bert");
  }

  @Test
  void rowsInMemoryHaveNoFields() {
    Dataset data = Datasets.of(List.of(new Example.Text("Anna")));
    assertThatThrownBy(() -> RowTexts.of(data, Set.of(0)))
        .hasMessageContaining("data in memory does not have");
  }
}
