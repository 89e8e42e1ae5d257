package io.adapt4j.core.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Vectors from a file to a file. */
class BatchEmbeddingTest {

  private static final int ROWS = 150;

  @TempDir private Path folder;

  @Test
  void eachRowHasItsVectorAlsoAfterACut() throws IOException {
    Path input = folder.resolve("rows.csv");
    StringBuilder rows = new StringBuilder("name,part\n");
    for (int i = 0; i < ROWS; i++) {
      rows.append(i).append(i % 2 == 0 ? ",the cat\n" : ",the dog sat\n");
    }
    Files.writeString(input, rows);
    Path output = folder.resolve("vectors.jsonl");
    CancellationToken token = new CancellationToken();
    try (TextEmbedder embedder =
        TextEmbedder.load(ModelSource.path(SmallEncoder.write(folder.resolve("model"))))) {
      BatchEmbedding batch =
          BatchEmbedding.of(embedder)
              .template(PromptTemplate.of("{part}"))
              .cancellation(token)
              .listener((done, all) -> token.cancel());
      BatchReport cut = batch.run(Datasets.read(input), output);
      assertThat(cut.isComplete()).isFalse();
      BatchReport rest =
          BatchEmbedding.of(embedder)
              .template(PromptTemplate.of("{part}"))
              .run(Datasets.read(input), output);
      assertThat(rest.kept()).isEqualTo(cut.done()).isPositive();
      assertThat(rest.isComplete()).isTrue();

      List<String> lines = Files.readAllLines(output);
      assertThat(lines).hasSize(ROWS);
      for (int i = 0; i < ROWS; i++) {
        JsonNode line = new JsonMapper().readTree(lines.get(i));
        assertThat(line.path("name").asText()).isEqualTo(String.valueOf(i));
        float[] alone = embedder.embed(i % 2 == 0 ? "the cat" : "the dog sat");
        assertThat(line.path("embedding")).hasSize(alone.length);
        for (int j = 0; j < alone.length; j++) {
          assertThat(line.path("embedding").get(j).floatValue())
              .isCloseTo(alone[j], org.assertj.core.api.Assertions.within(1e-5f));
        }
      }
    }
  }

  @Test
  void vectorsAreTheSameToTheBitWhereverARunWasCut() throws IOException {
    Path input = folder.resolve("rows.csv");
    StringBuilder rows = new StringBuilder("text\n");
    for (int i = 0; i < ROWS; i++) {
      rows.append("the cat sat ".repeat(1 + i * 7 % 9).strip()).append('\n');
    }
    Files.writeString(input, rows);
    try (TextEmbedder embedder =
        TextEmbedder.load(ModelSource.path(SmallEncoder.write(folder.resolve("model"))))) {
      Path whole = folder.resolve("whole.jsonl");
      BatchEmbedding.of(embedder).run(Datasets.read(input), whole);
      for (int lost : new int[] {1, 5, 40, 63}) {
        Path output = folder.resolve("cut" + lost + ".jsonl");
        cut(embedder, input, output, lost);
        BatchReport rest = BatchEmbedding.of(embedder).run(Datasets.read(input), output);
        assertThat(rest.kept()).isEqualTo(64 - lost);
        assertThat(output).hasSameTextualContentAs(whole);
      }
    }
  }

  /** Leaves what a process leaves that is killed before the first rows are all stored. */
  private static void cut(TextEmbedder embedder, Path input, Path output, int lost)
      throws IOException {
    CancellationToken token = new CancellationToken();
    BatchEmbedding.of(embedder)
        .cancellation(token)
        .listener((done, all) -> token.cancel())
        .run(Datasets.read(input), output);
    Path part = output.resolveSibling(output.getFileName() + ".part");
    List<String> lines = Files.readAllLines(part);
    Files.write(part, lines.subList(0, lines.size() - lost));
  }
}
