package io.adapt4j.benchmarks.inference;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.LongBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Compares loading a 269 MB bf16 checkpoint with reading its file through a memory map, including
 * peak memory. The file is in the page cache. Freeing memory is not timed: maps are dropped between
 * rounds, and models are closed after the clock has stopped.
 */
@InSuite(quick = "", published = "", full = "--rounds 31")
public final class LoadBenchmark {

  private static final String OPTIONS = "--rounds 15 --threads 0";
  private static final double TIME_TARGET = 1.5;
  private static final double MEMORY_TARGET = 1.1;

  private LoadBenchmark() {}

  /** Options: {@code --rounds}, {@code --threads} (0: the engine's choice). */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    int rounds = arguments.number("--rounds", 1);
    arguments.useThreads();
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      SmolLm.write(folder.path());
      measure(folder.path(), rounds);
    }
  }

  private static void measure(Path folder, int rounds) {
    Path file = folder.resolve("model.safetensors");
    warmUp();
    Machine.resetPeakResident();
    long before = Machine.resident();
    long weights = bytes(folder);
    long growth = Machine.peakResident() - before;
    load(folder);
    read(file);
    copy(file);
    Turns turns =
        new Turns(0, rounds)
            .add("reading", round -> withoutMaps(() -> read(file)))
            .time("copying", () -> copy(file))
            .add(
                "loading",
                round -> {
                  dropMaps();
                  return load(folder);
                })
            .run();
    report(rounds, weights, turns, growth);
  }

  private static double withoutMaps(Runnable action) {
    dropMaps();
    return Timing.seconds(action);
  }

  /** Starts the engine with a small model, so that its own memory is not counted. */
  private static void warmUp() {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(ExampleFiles.model()))) {
      model.generateIds(List.of(new int[] {1}), GenerationOptions.greedy());
    }
  }

  private static void report(int rounds, long weights, Turns turns, long growth) {
    Samples reading = turns.of("reading");
    Samples copying = turns.of("copying");
    Samples loading = turns.of("loading");
    double memory = (double) growth / weights;
    Report report = new Report("Loading, SmolLM2-135M's shape in bf16");
    report.line("setting", "%d alternating rounds, file in the system's cache", rounds);
    report.line("weights", "%.1f MB", weights / 1e6);
    report.line(
        "reading", "%.1f ms: every byte of the file, memory-mapped", reading.median() * 1e3);
    report.line(
        "reading into memory", "%.1f ms: the map copied to fresh memory", copying.median() * 1e3);
    report.line("loading", "%.1f ms: checks, memory, weights", loading.median() * 1e3);
    report.keep(
        loading
            .errorOf(Measurement.smaller("loading", "ms", loading.median() * 1e3))
            .label("loading a 269 MB bf16 checkpoint"));
    report.figure(
        turns
            .ratio("loading", "reading")
            .smallerRatio("loading / reading")
            .target(TIME_TARGET)
            .label("loading over reading the file through a memory map"));
    report.line("", "%.3f of reading into memory", loading.median() / copying.median());
    report.line("peak memory", "%.1f MB more than before", growth / 1e6);
    report.figure(
        Measurement.smallerRatio("growth / weights", memory)
            .target(MEMORY_TARGET)
            .label("memory that loading takes, over the weights"));
    report.print();
  }

  /** Returns the size of the model's weights. */
  private static long bytes(Path folder) {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.BF16)) {
      return model.parameterCount() * 2;
    }
  }

  /** Loads the model and frees it; returns the loading time in seconds. */
  private static double load(Path folder) {
    long begun = System.nanoTime();
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.BF16)) {
      return Timing.since(begun);
    }
  }

  /** Drops maps, which are freed by garbage collection, outside of timed sections. */
  private static void dropMaps() {
    System.gc();
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
  }

  private static void read(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      LongBuffer longs =
          channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()).asLongBuffer();
      long sum = 0;
      while (longs.hasRemaining()) {
        sum += longs.get();
      }
      if (sum == 0) {
        throw new IllegalStateException("The file holds nothing but zeros");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
      try (Tensor memory = Tensor.empty(DType.U8, channel.size())) {
        memory.data().put(map);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
