package io.adapt4j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import io.adapt4j.core.SmallEmbedder;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An encoder of this process as an embedding model. */
class EmbedderModelTest {

  @Test
  void questionsAndPassagesHaveThePromptsOfTheModel(@TempDir Path folder) throws IOException {
    try (TextEmbedder embedder =
        TextEmbedder.load(ModelSource.path(SmallEmbedder.writeWithPrompts(folder)))) {
      EmbeddingModel model = LangChain4j.embeddingModel(embedder, "small");
      EmbeddingResponse question = embed(model, "a dog ran", EmbeddingInputType.QUERY);
      EmbeddingResponse passage = embed(model, "a dog ran", EmbeddingInputType.DOCUMENT);
      EmbeddingResponse plain = embed(model, "a dog ran", null);
      assertThat(vector(question)).containsExactly(embedder.embed("a dog ran", "query"));
      assertThat(vector(passage)).containsExactly(embedder.embed("a dog ran", "passage"));
      assertThat(vector(plain)).containsExactly(embedder.embed("a dog ran"));
      assertThat(vector(question)).isNotEqualTo(vector(passage));
      assertThat(model.dimension()).isEqualTo(24);
      assertThat(model.modelName()).isEqualTo("small");
      assertThat(plain.metadata().tokenUsage().inputTokenCount()).isEqualTo(5);
    }
  }

  private static EmbeddingResponse embed(
      EmbeddingModel model, String text, @Nullable EmbeddingInputType type) {
    EmbeddingRequest.Builder request =
        EmbeddingRequest.builder().inputs(List.of(EmbeddingInput.from(text)));
    if (type != null) {
      request.inputType(type);
    }
    return model.embed(request.build());
  }

  private static float[] vector(EmbeddingResponse response) {
    return response.embeddings().get(0).vector();
  }
}
