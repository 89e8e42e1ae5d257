package io.adapt4j.benchmarks;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One epoch of the example passages: read, tokenized, shuffled and cut into batches of 8. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3)
@Measurement(iterations = 7)
public class BatchingBenchmark {

  private static final int MAX_LENGTH = 256;

  private Tokenizer tokenizer;
  private Batches batches;

  /** Opens the tokenizer and the texts. */
  @Setup
  public void open() {
    tokenizer = Tokenizer.load(ExampleFiles.model());
    Dataset dataset = Datasets.jsonl(ExampleFiles.passages());
    ExampleEncoder encoder =
        ExampleEncoder.builder(tokenizer, MAX_LENGTH).overflow(Overflow.TRUNCATE_RIGHT).build();
    batches = Batches.of(encoder.filter(dataset).dataset(), encoder).shuffle(1).build();
  }

  /** Closes the tokenizer. */
  @TearDown
  public void close() {
    tokenizer.close();
  }

  /** Goes through the epoch. */
  @Benchmark
  public long epoch() {
    long tokens = 0;
    for (var epoch = batches.epoch(0); epoch.hasNext(); ) {
      tokens += epoch.next().tokens();
    }
    return tokens;
  }
}
