package io.adapt4j.langchain4j;

import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.common.AbstractEmbeddingModelIT;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import io.adapt4j.core.SmallEmbedder;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What LangChain4j asks of every embedding model, of an encoder of this process. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EmbeddingContractTest extends AbstractEmbeddingModelIT {

  private TextEmbedder embedder;
  private TextEmbedder closed;

  @BeforeAll
  void load(@TempDir Path folder) throws IOException {
    ModelSource source = ModelSource.path(SmallEmbedder.writeWithPrompts(folder));
    embedder = TextEmbedder.load(source);
    closed = TextEmbedder.load(source);
    closed.close();
  }

  @AfterAll
  void close() {
    embedder.close();
  }

  @Override
  protected List<EmbeddingModel> models() {
    return List.of(LangChain4j.embeddingModel(embedder, "small"));
  }

  @Override
  protected EmbeddingModel modelWith(EmbeddingModelListener listener) {
    return LangChain4j.embeddingModel(embedder, "small").addListener(listener);
  }

  @Override
  protected EmbeddingModel failingModelWith(EmbeddingModelListener listener) {
    return LangChain4j.embeddingModel(closed, "small").addListener(listener);
  }

  @Override
  protected boolean supportsDimensionsParameter() {
    return false;
  }

  @Override
  protected boolean supportsImageInput() {
    return false;
  }

  @Override
  protected boolean supportsInterleavedInput() {
    return false;
  }
}
