package io.adapt4j.benchmarks.inference;

import io.adapt4j.benchmarks.harness.SingleShot;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Benchmark of loading a 269 MB bfloat16 safetensors checkpoint: checks, memory, and optional
 * conversion. The file is in the page cache after the first load.
 */
public class CheckpointLoadBenchmark extends SingleShot {

  /** The compute type; FP32 converts every value. */
  @Param({"BF16", "FP32"})
  public Precision precision;

  private TemporaryFolder folder;

  @Setup
  public void write() {
    folder = TemporaryFolder.create();
    SmolLm.write(folder.path());
  }

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
