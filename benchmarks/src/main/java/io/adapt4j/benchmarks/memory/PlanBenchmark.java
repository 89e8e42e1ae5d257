package io.adapt4j.benchmarks.memory;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.plan.MemoryItem;
import java.util.List;

/**
 * Compares predicted with measured peak memory. Each configuration trains in its own process; the
 * peak is Linux's VmHWM.
 */
@InSuite(quick = "--quick", full = "")
public final class PlanBenchmark {

  /** Prefix of the measured bytes in a process's output. */
  static final String PEAK = "peak RSS      bytes ";

  private static final String QUICK = "--quick";
  private static final String ITEMS = "--items";
  private static final int QUICK_CASES = 2;
  private static final double TARGET = 0.15;

  /** Relative variation of a measured peak between runs of the same configuration. */
  private static final double REPEATED = 0.02;

  private PlanBenchmark() {}

  /**
   * Options: {@code --only} (number of a configuration, -1 for all), {@code --quick} (the last
   * two), {@code --items} (prints the components of each prediction).
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, "--only -1", QUICK, ITEMS);
    String only = arguments.text("--only");
    Report report = new Report("Predicted and measured peak memory of training");
    List<PlanCase> grid = PlanCase.grid();
    double worst = 0;
    for (int i = arguments.has(QUICK) ? grid.size() - QUICK_CASES : 0; i < grid.size(); i++) {
      if (only.equals("-1") || only.equals(String.valueOf(i))) {
        worst = Math.max(worst, compare(report, grid.get(i), measure(i), arguments.has(ITEMS)));
      }
    }
    report.figure(
        Measurement.smaller("largest error", "%", worst * 100)
            .plusMinus(REPEATED * 100)
            .target(TARGET * 100)
            .label("predicted peak memory against measured, largest error"));
    report.print();
  }

  private static double compare(Report report, PlanCase planCase, long measured, boolean items) {
    MemoryEstimate predicted = planCase.predicted();
    double ratio = (double) predicted.peakBytes() / measured;
    report.line(
        planCase.model(),
        "%-24s %d x %d %s %-9s predicted %.3f GB, measured %.3f GB, ratio %.3f",
        planCase.name(),
        planCase.step().rows(),
        planCase.step().length(),
        planCase.step().type(),
        planCase.step().optimizer().getClass().getSimpleName(),
        predicted.peakBytes() / 1e9,
        measured / 1e9,
        ratio);
    report.keep(Measurement.smaller(planCase.name() + ": peak resident", "GB", measured / 1e9));
    if (items) {
      predicted.lasting().forEach(item -> line(report, "", item));
      report.line("", "in the %s:", predicted.peakPhase().name());
      predicted.peakPhase().items().forEach(item -> line(report, "  ", item));
    }
    return Math.abs(ratio - 1);
  }

  private static void line(Report report, String indent, MemoryItem item) {
    report.line("", "%s%-34s %8.1f MB", indent, item.name(), item.bytes() / 1e6);
  }

  /** Runs a configuration in a JVM like this one. */
  private static long measure(int number) {
    return (long) OwnProcess.run(PlanCase.class, number).number(PEAK);
  }
}
