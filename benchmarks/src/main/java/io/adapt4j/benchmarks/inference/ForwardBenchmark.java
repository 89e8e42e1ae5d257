package io.adapt4j.benchmarks.inference;

import io.adapt4j.benchmarks.harness.SingleShot;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tokenize.Batch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** Benchmark of one forward pass of a 135M-parameter model: logits of one row of 256 tokens. */
public class ForwardBenchmark extends SingleShot {

  private static final int LENGTH = 256;

  @Param({"BF16", "F32"})
  public DType type;

  private Decoder decoder;
  private Batch inputs;

  @Setup
  public void open() {
    decoder = SmolLm.random(type);
    inputs = SmolLm.batch(1, LENGTH);
  }

  /** Frees the model. */
  @TearDown
  public void close() {
    decoder.close();
  }

  /** Runs the pass. */
  @Benchmark
  public long logits() {
    Ops ops = Ops.inference();
    try (Scope scope = Scope.open();
        Positions positions = decoder.positions(inputs.attentionMask(), 1, LENGTH)) {
      Tensor ids = Tensor.of(inputs.ids(), 1, LENGTH);
      return decoder.logits(decoder.hidden(ops, ids, positions, false)).count();
    }
  }
}
