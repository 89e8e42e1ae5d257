package io.adapt4j.benchmarks.data;

import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.SingleShot;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.tokenize.Tokenizer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Benchmark of one epoch of the example passages: reading, tokenizing, shuffling and batching by 8.
 */
public class BatchingBenchmark extends SingleShot {

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
    batches = Batches.of(encoder.filter(dataset)).shuffle(1).build();
  }

  @TearDown
  public void close() {
    tokenizer.close();
  }

  /** Iterates over the epoch. */
  @Benchmark
  public long epoch() {
    long tokens = 0;
    for (var epoch = batches.epoch(0); epoch.hasNext(); ) {
      tokens += epoch.next().tokens();
    }
    return tokens;
  }
}
