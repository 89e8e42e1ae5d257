package io.adapt4j.rag.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.EmbeddingOptions;
import io.adapt4j.core.SmallJina;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Questions and passages by the adapters of different tasks. */
class TaskEmbeddingsTest {

  private static final String TEXT = "a red cat sat";

  @TempDir private Path folder;
  private ModelSource model;

  @BeforeEach
  void write() throws IOException {
    model = ModelSource.path(SmallJina.write(folder.resolve("jina")));
  }

  @Test
  void questionsAndPassagesHaveTheVectorsOfTheirTasks() {
    try (LocalEmbeddings embeddings =
        LocalEmbeddings.builder(model).tasks("retrieval.query", "retrieval.passage").build()) {
      // Normalized once more, which may round.
      assertThat(embeddings.query(TEXT)).containsExactly(alone("retrieval.query"), within(1e-6f));
      assertThat(embeddings.passages(List.of(TEXT)).get(0))
          .containsExactly(alone("retrieval.passage"), within(1e-6f));
    }
  }

  @Test
  void theIdentityNamesTheTasks() {
    try (LocalEmbeddings plain = LocalEmbeddings.load(model);
        LocalEmbeddings one =
            LocalEmbeddings.builder(model).tasks("separation", "separation").build();
        LocalEmbeddings two =
            LocalEmbeddings.builder(model).tasks("retrieval.query", "separation").build()) {
      assertThat(List.of(plain.identity(), one.identity(), two.identity())).doesNotHaveDuplicates();
    }
  }

  @Test
  void anUnknownTaskIsRefusedWithTheKnownOnes() {
    LocalEmbeddings.Builder builder = LocalEmbeddings.builder(model).tasks("asking", "separation");
    assertThatThrownBy(builder::build)
        .hasMessageContaining("asking")
        .hasMessageContaining("retrieval.query");
  }

  private float[] alone(String task) {
    try (TextEmbedder embedder =
        TextEmbedder.load(model, EmbeddingOptions.builder().task(task).build())) {
      return embedder.embed(TEXT);
    }
  }
}
