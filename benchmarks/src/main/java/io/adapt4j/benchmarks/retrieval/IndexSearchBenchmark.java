package io.adapt4j.benchmarks.retrieval;

import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.retrieve.SearchBy;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import io.adapt4j.rag.split.Splitter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Benchmark of a query to an index of some thousand chunks of the example texts with random
 * 384-dimensional vectors: the top 10 hits.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class IndexSearchBenchmark {

  private static final int DIMENSION = 384;
  private static final int TOKENS = 16;
  private static final int QUESTIONS = 64;
  private static final int WORDS = 6;
  private static final int LIMIT = 10;

  /** Search mode. */
  @Param({"WORDS", "VECTOR", "BOTH"})
  public SearchBy by;

  private TemporaryFolder folder;
  private SearchIndex index;
  private List<SearchQuery> questions;
  private int next;

  /** Fills the index; questions are some of its words with similar vectors. */
  @Setup
  public void open() {
    folder = TemporaryFolder.create();
    index = LuceneIndex.builder(folder.path()).embeddings("synthetic", DIMENSION).open();
    ClusteredVectors vectors = new ClusteredVectors(DIMENSION, 100);
    Splitter splitter = Splitter.builder().maxTokens(TOKENS).build();
    List<SearchIndex.Entry> entries = new ArrayList<>();
    questions = new ArrayList<>();
    long number = 0;
    for (Document document : ExampleDocuments.read()) {
      List<Chunk> chunks = splitter.split(document);
      List<float[]> embedded = new ArrayList<>();
      for (Chunk chunk : chunks) {
        embedded.add(vectors.vector(number++));
        if (questions.size() < QUESTIONS && number % 29 == 0) {
          questions.add(question(chunk.text(), vectors.vector(-number)));
        }
      }
      entries.add(new SearchIndex.Entry(document, chunks, embedded));
    }
    index.putAll(entries);
  }

  private SearchQuery question(String text, float[] vector) {
    String[] words = text.split("\\W+", WORDS + 1);
    String some = String.join(" ", List.of(words).subList(0, Math.min(WORDS, words.length)));
    return new SearchQuery(
        by == SearchBy.VECTOR ? "" : some,
        by == SearchBy.WORDS ? Optional.empty() : Optional.of(vector),
        LIMIT,
        Optional.empty(),
        Fusion.standard());
  }

  @TearDown
  public void close() {
    index.close();
    folder.close();
  }

  /** Searches for the next question. */
  @Benchmark
  public List<Hit> search() {
    next = (next + 1) % questions.size();
    return index.search(questions.get(next));
  }
}
