package io.adapt4j.rag;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.embed.CachedEmbeddings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Threads of a server that are interrupted while they use a Rag. */
class InterruptedIngestionTest {

  @TempDir private Path folder;

  @AfterEach
  void clearFlag() {
    Thread.interrupted();
  }

  @Test
  void anInterruptEndsAddingAndTheRagGoesOn() throws IOException {
    List<Document> documents =
        IntStream.range(0, 50).mapToObj(i -> Document.of("d" + i, "Text number " + i)).toList();
    try (CachedEmbeddings embeddings =
            CachedEmbeddings.in(new WordEmbeddings(), folder.resolve("vectors"));
        Rag rag = Rag.builder().index(folder.resolve("index")).embeddings(embeddings).build()) {
      rag.add(documents.subList(0, 1));
      Thread.currentThread().interrupt();
      refuses(IllegalStateException.class, () -> rag.add(documents), "interrupted");
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
      // Vectors are read and written, and the index searched, with the flag still set.
      assertThat(rag.search("Text number 0").passages()).isNotEmpty();
      rag.delete(List.of("d0"));
      assertThat(Thread.interrupted()).isTrue();
      assertThat(embeddings.query("Text number 0")).hasSize(embeddings.dimension());
      rag.sync(Documents.of(documents));
      assertThat(rag.index().documentCount()).isEqualTo(50);
    }
  }
}
