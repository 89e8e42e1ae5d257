package io.adapt4j.benchmarks;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
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
 * Loading of a 269 MB bfloat16 safetensors checkpoint: checks, memory, and conversion where asked
 * for. The file is in the system's cache after the first time.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3)
@Measurement(iterations = 7)
public class CheckpointLoadBenchmark {

  /** The compute type; FP32 converts every value. */
  @Param({"BF16", "FP32"})
  public Precision precision;

  private TemporaryFolder folder;

  /** Writes the checkpoint. */
  @Setup
  public void write() {
    folder = TemporaryFolder.create();
    SmolLm.write(folder.path());
  }

  /** Deletes it. */
  @TearDown
  public void delete() {
    folder.close();
  }

  /** Loads the model and frees it. */
  @Benchmark
  public long load() {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder.path()), precision)) {
      return model.parameterCount();
    }
  }
}
