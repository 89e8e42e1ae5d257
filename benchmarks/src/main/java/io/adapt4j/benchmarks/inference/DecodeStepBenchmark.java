package io.adapt4j.benchmarks.inference;

import io.adapt4j.benchmarks.harness.SingleShot;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.tensor.DType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Decoding of one token with a 135M-parameter model after a prompt of 128: cache, layers and
 * logits. An invocation decodes 32; results are per token.
 */
public class DecodeStepBenchmark extends SingleShot {

  private static final int PROMPT = 128;
  private static final int TOKENS = 32;

  @Param({"BF16", "F32"})
  public DType type;

  private Decoder decoder;
  private KvCache cache;

  @Setup
  public void open() {
    decoder = SmolLm.random(type);
  }

  /** Frees the model. */
  @TearDown
  public void close() {
    decoder.close();
  }

  /** Reads the prompt, which is not timed. */
  @Setup(Level.Invocation)
  public void prompt() {
    cache = decoder.newCache(1, PROMPT + TOKENS);
    Decoding.forward(decoder, cache, SmolLm.batch(1, PROMPT).ids(), PROMPT);
  }

  @TearDown(Level.Invocation)
  public void closeCache() {
    cache.close();
  }

  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public long tokens() {
    long logits = 0;
    for (int i = 0; i < TOKENS; i++) {
      logits += Decoding.forward(decoder, cache, new long[] {i}, 1).length;
    }
    return logits;
  }
}
