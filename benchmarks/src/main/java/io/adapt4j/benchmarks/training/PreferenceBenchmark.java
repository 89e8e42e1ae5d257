package io.adapt4j.benchmarks.training;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.suite.InSuite;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Cost of DPO relative to supervised steps on the same tokens, with LoRA of rank 16 on a
 * 135M-parameter model in bf16: seconds per step and peak memory, with the reference model run in
 * every step or beforehand. The cases alternate, each in its own process; the best round of each
 * counts.
 */
@InSuite(quick = "--pairs 1 --length 128 --steps 3 --warmup 1 --rounds 1", full = "")
public final class PreferenceBenchmark {

  static final String OPTIONS = "--pairs 2 --length 256 --steps 5 --warmup 2 --rounds 2";
  private static final List<String> WAYS =
      List.of(PreferenceCase.SUPERVISED, PreferenceCase.DPO, PreferenceCase.PRECOMPUTED);

  private static final double DPO_TIME = 2.2;
  private static final double PRECOMPUTED_TIME = 1.3;
  private static final double MEMORY = 1.25;

  private PreferenceBenchmark() {}

  /**
   * The best of a case's rounds.
   *
   * @param seconds seconds per step
   * @param peak peak RSS in bytes
   */
  private record Cost(double seconds, double peak) {

    Cost or(Cost other) {
      return new Cost(Math.min(seconds, other.seconds), Math.min(peak, other.peak));
    }
  }

  /**
   * Options: {@code --pairs} per batch, {@code --length} tokens per answer with its prompt, {@code
   * --steps}, {@code --warmup}, {@code --rounds}.
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    int rounds = arguments.number("--rounds", 1);
    List<List<Cost>> costs =
        IntStream.range(0, rounds)
            .mapToObj(round -> WAYS.stream().map(way -> cost(way, arguments)).toList())
            .toList();
    Cost supervised = best(costs, 0);
    Cost dpo = best(costs, 1);
    Cost precomputed = best(costs, 2);
    Report report = new Report("DPO beside supervised steps, SmolLM2-135M's shape, random weights");
    report.line(
        "setting",
        "bf16, LoRA r=16, %d pairs x %d tokens a side, half of them prompt; median of %d steps,"
            + " best of %d rounds",
        arguments.number("--pairs", 1),
        arguments.number("--length", 4),
        arguments.number("--steps", 1),
        rounds);
    line(report, "supervised", supervised);
    line(report, "DPO", dpo);
    line(report, "DPO precomputed", precomputed);
    report.atMost("DPO time", dpo.seconds() / supervised.seconds(), DPO_TIME, "of supervised");
    report.atMost(
        "precomputed time",
        precomputed.seconds() / supervised.seconds(),
        PRECOMPUTED_TIME,
        "of supervised");
    double memory = dpo.peak() / supervised.peak();
    report.line(
        "DPO memory",
        "%.3f of supervised (target: at most %.2f) %s",
        memory,
        MEMORY,
        Report.verdict(memory <= MEMORY));
    report.print();
  }

  private static Cost cost(String way, Arguments arguments) {
    OwnProcess process = OwnProcess.run(PreferenceCase.class, arguments.with("--way", way));
    return new Cost(process.number(PreferenceCase.SECONDS), process.number(PreferenceCase.PEAK));
  }

  private static Cost best(List<List<Cost>> costs, int way) {
    return costs.stream().map(round -> round.get(way)).reduce(Cost::or).orElseThrow();
  }

  private static void line(Report report, String name, Cost cost) {
    report.line(name, "%.3f s a step, %.2f GB peak resident", cost.seconds(), cost.peak() / 1e9);
  }
}
