package io.adapt4j.benchmarks.retrieval;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import io.adapt4j.benchmarks.harness.Latencies;
import java.util.List;

/** LangChain4j's in-memory store with the same vectors, for comparison. */
final class LangChainStore {

  private static final int NEAREST = 10;

  private final InMemoryEmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();

  void fill(ClusteredVectors vectors, int count) {
    for (int i = 0; i < count; i++) {
      store.add(Embedding.from(vectors.vector(i)), TextSegment.from("vector " + i));
    }
  }

  Latencies search(List<float[]> questions) {
    Latencies latencies = new Latencies();
    for (float[] question : questions) {
      EmbeddingSearchRequest request =
          EmbeddingSearchRequest.builder()
              .queryEmbedding(Embedding.from(question))
              .maxResults(NEAREST)
              .build();
      latencies.time(() -> store.search(request));
    }
    return latencies;
  }
}
