package io.adapt4j.benchmarks.memory;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import java.util.Set;

/** Memory leak test: a long fine-tuning of the small example model, whose memory must not grow. */
@InSuite(
    quick = "--steps 300 --threads 1",
    full = {"--threads 1", "--threads 1 --method qlora"},
    jvm = {"-Xms96m", "-Xmx96m", "-XX:+AlwaysPreTouch"})
public final class MemoryBenchmark {

  private static final String OPTIONS = "--steps 1000 --batch 2 --threads 0 --method lora";
  private static final int BASELINE_STEP = 100;
  private static final int MAX_LENGTH = 128;
  private static final double TARGET = 0.03;

  private MemoryBenchmark() {}

  /**
   * Options: {@code --steps}, {@code --batch}, {@code --threads} (0: the engine's choice), {@code
   * --method lora|qlora}.
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    int steps = arguments.number("--steps", BASELINE_STEP + 1);
    int batch = arguments.number("--batch", 1);
    arguments.useThreads();
    FineTuningMethod method =
        arguments.oneOf("--method", Set.of("lora", "qlora")).equals("lora")
            ? Lora.rank(8)
            : QLora.nf4().rank(8);
    Readings readings = new Readings(steps);
    long tensorsBefore = Tensor.live();
    try (TemporaryFolder output = TemporaryFolder.create()) {
      FineTuner.builder()
          .model(ModelSource.path(ExampleFiles.model()))
          .dataset(Datasets.jsonl(ExampleFiles.passages()))
          .method(method)
          .output(output.path())
          .batchSize(batch)
          .maxLength(MAX_LENGTH)
          .epochs(steps)
          .maxSteps(steps)
          .evaluateEvery(Interval.steps(steps))
          .listener(readings)
          .build()
          .run();
    }
    report(method, steps, batch, readings, tensorsBefore, Tensor.live());
  }

  private static void report(
      FineTuningMethod method,
      int steps,
      int batch,
      Readings readings,
      long tensorsBefore,
      long tensorsAfter) {
    double growth = (double) readings.last / readings.baseline - 1;
    Report report = new Report("Memory over a long fine-tuning of stories260K");
    report.line(
        "setting",
        "%s, %d optimizer steps, batch %d, ragged lengths to %d",
        method.description(),
        steps,
        batch,
        MAX_LENGTH);
    report.line("tokens/s", "%.0f in the last step", readings.tokensPerSecond);
    report.line(
        "resident",
        "%.1f MB at step %d, %.1f MB at step %d",
        readings.baseline / 1e6,
        BASELINE_STEP,
        readings.last / 1e6,
        steps);
    report.line(
        "Java heap in use",
        "%.1f MB, then %.1f MB, garbage included, of at most %.0f MB",
        readings.heapBaseline / 1e6,
        readings.heapLast / 1e6,
        Runtime.getRuntime().maxMemory() / 1e6);
    report.figure(
        Measurement.smaller("growth", "%", growth * 100)
            .plusMinus(TARGET * 100)
            .target(TARGET * 100)
            .label("RSS, step " + steps + " against " + BASELINE_STEP));
    report.figure(
        Measurement.smaller("tensors left open", "", (double) (tensorsAfter - tensorsBefore))
            .plusMinus(0)
            .target(0));
    report.print();
  }

  private static final class Readings implements TrainingListener {

    private final int steps;
    private long baseline;
    private long last;
    private double tokensPerSecond;
    private long heapBaseline;
    private long heapLast;

    Readings(int steps) {
      this.steps = steps;
    }

    @Override
    public void step(StepEvent event) {
      if (event.step() == BASELINE_STEP) {
        baseline = Machine.resident();
        heapBaseline = heap();
      }
      if (event.step() == steps) {
        last = Machine.resident();
        heapLast = heap();
        tokensPerSecond = event.tokensPerSecond();
      }
    }

    /** Returns the used bytes of the Java heap, including garbage. */
    private static long heap() {
      return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
  }
}
