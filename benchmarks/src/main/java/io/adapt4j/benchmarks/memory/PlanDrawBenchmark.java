package io.adapt4j.benchmarks.memory;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.RandomCheckpoint;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.tensor.DType;
import java.util.List;
import java.util.stream.Stream;

/** Compares predicted with measured peak memory of random configurations. */
@InSuite(quick = "--seed 1 --count 2", full = "--seed 1 --count 20")
public final class PlanDrawBenchmark {

  private static final double LOW = 0.97;
  private static final double HIGH = 1.12;
  private static final long MOST_BYTES = 2_800_000_000L;
  private static final long LEAST_WEIGHTS = 20_000_000;
  private static final long MOST_WEIGHTS = 350_000_000;
  private static final double MOST_PRODUCTS = 1.2e11;

  private PlanDrawBenchmark() {}

  /**
   * Options: {@code --seed} and {@code --count} say which configurations, {@code --from} the first
   * of them, {@code --task} leaves out others, {@code --part plan} leaves out the runs, {@code
   * --items} prints details.
   */
  public static void main(String[] line) {
    Arguments arguments =
        Arguments.parse(line, "--seed 1 --count 20 --from 0 --part run --task", "--items");
    Report report = new Report("Predicted and measured peak memory of configurations at random");
    int seed = arguments.number("--seed", 0);
    int from = arguments.number("--from", 0);
    int count = arguments.number("--count", 1);
    int inside = 0;
    double lowest = Double.POSITIVE_INFINITY;
    double highest = 0;
    int done = 0;
    for (int number = from; number < from + count; number++) {
      int attempt = 0;
      while (!isModest(PlanDraw.of(seed, number, attempt))) {
        attempt++;
      }
      PlanDraw draw = PlanDraw.of(seed, number, attempt);
      String task = arguments.text("--task");
      if (!task.isEmpty() && !task.equals(draw.task())) {
        continue;
      }
      double ratio = compare(List.of(seed, number, attempt), draw, arguments);
      done++;
      inside += ratio >= LOW && ratio <= HIGH ? 1 : 0;
      lowest = Math.min(lowest, ratio);
      highest = Math.max(highest, ratio);
    }
    System.out.printf(
        "inside [%.2f, %.2f]: %d of %d, lowest %.3f, highest %.3f%n",
        LOW, HIGH, inside, done, lowest, highest);
    report.figure(Measurement.larger("within the band", "", (double) inside / done).target(1));
    report.print();
  }

  private static boolean isModest(PlanDraw draw) {
    try (Network declared = Architectures.declare(draw.modelConfig())) {
      long weights = declared.parameterCount();
      MemoryEstimate rough =
          Planner.of(declared, draw.fineTuning())
              .estimate(
                  StepShape.of(
                          Math.max(1, (int) (draw.tokens() / draw.length() / draw.accumulation())),
                          draw.length(),
                          draw.bf16() ? DType.BF16 : DType.F32,
                          draw.steps())
                      .withRecompute(draw.checkpointing()));
      return weights >= LEAST_WEIGHTS
          && weights <= MOST_WEIGHTS
          && rough.peakBytes() < MOST_BYTES
          && (double) weights * draw.tokens() < MOST_PRODUCTS;
    }
  }

  private static double compare(List<Integer> which, PlanDraw draw, Arguments arguments) {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      RandomCheckpoint.write(draw.modelConfig(), folder.path().resolve("model"));
      PlanDrawCase.tokenizer(folder.path().resolve("model"));
      String name = which.get(0) + "/" + which.get(1) + "/" + which.get(2);
      List<String> given =
          Stream.concat(which.stream(), Stream.of(folder.path())).map(String::valueOf).toList();
      OwnProcess planned = run("plan", given);
      double predicted = planned.number(PlanDrawCase.PREDICTED);
      if (arguments.has("--items")) {
        planned.lines(PlanDrawCase.DETAIL).forEach(System.out::println);
      }
      if (arguments.text("--part").equals("plan")) {
        System.out.printf("%s %s: predicted %.0f MB%n", name, draw.text(), predicted / 1e6);
        return 1;
      }
      long begun = System.nanoTime();
      OwnProcess measured = run("run", given);
      double peak = measured.number(PlanDrawCase.PEAK);
      if (arguments.has("--items")) {
        measured.lines(PlanDrawCase.DETAIL).forEach(System.out::println);
      }
      double ratio = predicted / peak;
      System.out.printf(
          "%s %s: predicted %.0f, measured %.0f MB, ratio %.3f%s (%.0f s)%n",
          name,
          draw.text(),
          predicted / 1e6,
          peak / 1e6,
          ratio,
          ratio < LOW ? " LOW" : ratio > HIGH ? " HIGH" : "",
          Timing.since(begun));
      return ratio;
    }
  }

  private static OwnProcess run(String what, List<String> which) {
    return OwnProcess.run(
        PlanDrawCase.class, Stream.concat(Stream.of(what), which.stream()).toArray());
  }
}
