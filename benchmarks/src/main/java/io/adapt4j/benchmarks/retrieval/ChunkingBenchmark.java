package io.adapt4j.benchmarks.retrieval;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.split.Splitter;
import io.adapt4j.rag.split.TokenCounter;
import java.io.IOException;
import java.util.List;
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

/** Benchmark of splitting 290,000 characters of plays into chunks of 256 tokens. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ChunkingBenchmark {

  private static final int TOKENS = 256;

  /** Unit of a token. */
  public enum Counting {
    /** Roughly a word. */
    WORDS,
    /** A token of MiniLM's tokenizer. */
    MODEL
  }

  /** Unit of the token counts. */
  @Param({"WORDS", "MODEL"})
  public Counting counting;

  private Tokenizer tokenizer;
  private List<Document> documents;

  @Setup
  public void open() throws IOException {
    tokenizer = Tokenizer.load(MiniLm.folder());
    documents = ExampleDocuments.read();
  }

  @TearDown
  public void close() {
    tokenizer.close();
  }

  /** Splits the texts with a new splitter, whose word cache is empty. */
  @Benchmark
  public long split() {
    TokenCounter counter =
        counting == Counting.WORDS ? TokenCounter.words() : TokenCounter.of(tokenizer);
    Splitter splitter = Splitter.builder().counter(counter).maxTokens(TOKENS).build();
    return documents.stream().mapToLong(document -> splitter.split(document).size()).sum();
  }
}
