package io.adapt4j.core.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.generate.CancellationToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which rows are computed together, whose results may differ in their last digits by that. */
class RowBatchTest {

  private static final int ROWS = 23;
  private static final int CHUNK = 8;

  @TempDir private Path folder;

  private final List<String> computed = new ArrayList<>();
  private Path input;

  @BeforeEach
  void writeRows() throws IOException {
    input = folder.resolve("rows.csv");
    StringBuilder rows = new StringBuilder("name\n");
    for (int i = 0; i < ROWS; i++) {
      rows.append(i).append('\n');
    }
    Files.writeString(input, rows);
  }

  private RowBatch batch(Path output) {
    return new RowBatch(
        Datasets.read(input),
        output,
        "with",
        (done, rows) -> {},
        new CancellationToken(),
        /* overwrite= */ false);
  }

  /** A result that depends on the rows beside it, as rounding does. */
  private List<ObjectNode> results(int[] rows) {
    computed.add(rows[0] + " to " + rows[rows.length - 1]);
    return Arrays.stream(rows)
        .mapToObj(
            row -> JsonNodeFactory.instance.objectNode().put("with", row + Arrays.toString(rows)))
        .toList();
  }

  private void run(Path output) {
    RowBatch batch = batch(output);
    batch.run(batch.description("test", Optional.empty()), CHUNK, 1, this::results);
  }

  /** A kill leaves the results of a part of a chunk. */
  @Test
  void rowsHaveTheSameNeighborsAfterAnInterruptionAnywhere() throws IOException {
    Path whole = folder.resolve("whole.jsonl");
    run(whole);
    for (int kept = 1; kept < ROWS; kept++) {
      Path output = folder.resolve("cut-" + kept + ".jsonl");
      RowBatch batch = batch(output);
      ObjectNode description = batch.description("test", Optional.empty());
      try (PartFile part = PartFile.open(output, description, ROWS, false)) {
        int stored = 0;
        for (int from = 0; stored < kept; from += CHUNK) {
          int end = Math.min(from + CHUNK, ROWS);
          int[] rows = IntStream.range(from, end).toArray();
          List<ObjectNode> results = results(rows);
          for (int i = 0; i < rows.length && stored < kept; i++, stored++) {
            part.store(rows[i], results.get(i));
          }
        }
      }
      run(output);

      assertThat(output).hasSameTextualContentAs(whole);
    }
  }

  @Test
  void chunksWithAllTheirResultsAreNotComputedAgain() {
    Path output = folder.resolve("results.jsonl");
    RowBatch batch = batch(output);
    ObjectNode description = batch.description("test", Optional.empty());
    try (PartFile part = PartFile.open(output, description, ROWS, false)) {
      for (int row = 0; row < CHUNK + 1; row++) {
        part.store(row, JsonNodeFactory.instance.objectNode().put("with", "kept"));
      }
    }
    run(output);

    assertThat(computed).containsExactly("8 to 15", "16 to 22");
  }
}
