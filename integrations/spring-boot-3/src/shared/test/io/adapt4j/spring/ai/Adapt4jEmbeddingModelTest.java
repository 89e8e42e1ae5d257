package io.adapt4j.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallEmbedder;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.TokenCountBatchingStrategy;

/** An encoder of this process as Spring AI takes it. */
class Adapt4jEmbeddingModelTest {

  @AutoClose private static TextEmbedder embedder;

  private final Adapt4jEmbeddingModel model = new Adapt4jEmbeddingModel(embedder, "small");

  @BeforeAll
  static void load(@TempDir Path folder) throws IOException {
    embedder = TextEmbedder.load(ModelSource.path(SmallEmbedder.writeWithPrompts(folder)));
  }

  @Test
  void aTextIsAQuestionAndADocumentIsAPassage() {
    Document document = new Document("a dog ran");
    assertThat(model.embed("a dog ran")).containsExactly(embedder.embed("a dog ran", "query"));
    assertThat(model.embed(document)).containsExactly(embedder.embed("a dog ran", "passage"));
    assertThat(
            model
                .embed(
                    List.of(document, new Document("a cat")),
                    EmbeddingOptions.builder().build(),
                    new TokenCountBatchingStrategy())
                .get(1))
        .containsExactly(embedder.embed("a cat", "passage"), within(1e-5f));
    assertThat(model.dimensions()).isEqualTo(24);
  }

  @Test
  void aRequestIsAnsweredInItsOrder() {
    EmbeddingResponse response = model.embedForResponse(List.of("a cat sat", "a dog"));
    assertThat(response.getResults()).hasSize(2);
    assertThat(response.getResults().get(1).getIndex()).isEqualTo(1);
    assertThat(response.getResults().get(1).getOutput())
        .containsExactly(embedder.embed("a dog"), within(1e-5f));
    assertThat(response.getMetadata().getModel()).isEqualTo("small");
    assertThat(response.getMetadata().getUsage().getPromptTokens()).isEqualTo(9);
  }

  @Test
  void anotherModelOrDimensionIsRefused() {
    for (EmbeddingOptions options :
        List.of(
            EmbeddingOptions.builder().model("another").build(),
            EmbeddingOptions.builder().dimensions(7).build())) {
      assertThatThrownBy(() -> model.call(new EmbeddingRequest(List.of("a"), options)))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("not supported");
    }
  }
}
