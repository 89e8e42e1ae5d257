package io.adapt4j.benchmarks.retrieval;

import io.adapt4j.benchmarks.harness.SingleShot;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.split.Splitter;
import java.io.IOException;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Benchmark of embedding 32 chunks of at most 128 tokens of the example texts with
 * all-MiniLM-L6-v2.
 */
public class PassageEmbeddingBenchmark extends SingleShot {

  private static final int COUNT = 32;
  private static final int TOKENS = 128;

  private LocalEmbeddings model;
  private List<String> texts;

  /** Loads the model and makes the chunks. */
  @Setup
  public void open() throws IOException {
    model = MiniLm.load();
    Splitter splitter = Splitter.builder().counter(model::countTokens).maxTokens(TOKENS).build();
    texts =
        ExampleDocuments.read().stream()
            .flatMap(document -> splitter.split(document).stream())
            .map(Chunk::searchText)
            .limit(COUNT)
            .toList();
  }

  /** Frees the model. */
  @TearDown
  public void close() {
    model.close();
  }

  /** Embeds the chunks. */
  @Benchmark
  public List<float[]> embed() {
    return model.passages(texts);
  }
}
