package io.adapt4j.benchmarks.training;

import io.adapt4j.benchmarks.harness.SingleShot;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One LoRA step of a 135M-parameter model on one row of 256 tokens: forward, backward, clipping and
 * AdamW.
 */
public class TrainingStepBenchmark extends SingleShot {

  private static final int LENGTH = 256;
  private static final int RANK = 16;

  @Param({"BF16", "F32"})
  public DType type;

  /** Whether layers are recomputed in the backward pass. */
  @Param({"false", "true"})
  public boolean recompute;

  private Decoder decoder;
  private Adaptation adaptation;
  private TrainingStep<Batch> step;
  private List<Batch> batch;

  /** Creates the model and the optimizer. */
  @Setup
  public void open() {
    decoder = SmolLm.random(type);
    adaptation = Methods.of(Lora.rank(RANK)).attach(decoder, Path.of("random"), 1);
    step = TrainingStep.ofLanguageModel(decoder, adaptation, SmolLm.settings(recompute));
    batch = List.of(SmolLm.batch(1, LENGTH));
  }

  /** Frees the model and the optimizer. */
  @TearDown
  public void close() {
    step.close();
    adaptation.close();
    decoder.close();
  }

  @Benchmark
  public TrainingStep.Outcome step() {
    return step.run(batch, LENGTH - 1, 1e-4, 1);
  }
}
