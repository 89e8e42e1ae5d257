package io.adapt4j.benchmarks.memory;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import java.nio.file.Path;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Memory cost of a reward model in PPO: policy, reference and value model on one 135M-parameter
 * network in bf16 with LoRA of rank 16, and the reward from code, from an adapter on the same
 * network, and from a separate network. Each case runs several times in its own process; the
 * smallest peak counts, since uncollected garbage only adds.
 */
@InSuite(quick = "--prompts 4 --tokens 16 --rounds 1", full = "")
public final class RewardMemoryBenchmark {

  private static final String OPTIONS = "--prompts 8 --tokens 64 --rounds 3";

  private RewardMemoryBenchmark() {}

  /** Bytes of a case. */
  private record Cost(double peak, double forecast) {

    Cost or(Cost other) {
      return new Cost(Math.min(peak, other.peak), forecast);
    }
  }

  /** Options: {@code --prompts} per rollout, {@code --tokens} per completion, {@code --rounds}. */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    int prompts = arguments.number("--prompts", 1);
    int tokens = arguments.number("--tokens", 1);
    int rounds = arguments.number("--rounds", 1);
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      OwnProcess.run(RewardMemoryCase.class, RewardMemoryCase.PREPARE, folder.path())
          .number(RewardMemoryCase.PEAK);
      report(
          prompts,
          tokens,
          least(rounds, () -> cost(folder.path(), RewardMemoryCase.CODE, prompts, tokens)),
          least(rounds, () -> cost(folder.path(), RewardMemoryCase.SHARED, prompts, tokens)),
          least(rounds, () -> cost(folder.path(), RewardMemoryCase.OWN, prompts, tokens)));
    }
  }

  private static Cost least(int rounds, Supplier<Cost> round) {
    return Stream.generate(round).limit(rounds).reduce(Cost::or).orElseThrow();
  }

  private static Cost cost(Path folder, String way, int prompts, int tokens) {
    OwnProcess process = OwnProcess.run(RewardMemoryCase.class, way, folder, prompts, tokens);
    return new Cost(
        process.number(RewardMemoryCase.PEAK), process.number(RewardMemoryCase.FORECAST));
  }

  private static void report(int prompts, int tokens, Cost code, Cost shared, Cost own) {
    Report report = new Report("Memory of PPO with a reward model, SmolLM2-135M's shape");
    report.line(
        "setting",
        "bf16, LoRA r=16, a rollout of %d completions of %d tokens in two updates",
        prompts,
        tokens);
    line(report, "reward from code", code);
    line(report, "an adapter", shared);
    line(report, "a second network", own);
    report.figure(
        Measurement.smaller("an adapter adds", "MB", (shared.peak() - code.peak()) / 1e6));
    report.figure(Measurement.smaller("a network adds", "MB", (own.peak() - code.peak()) / 1e6));
    report.print();
  }

  private static void line(Report report, String name, Cost cost) {
    report.line(
        name,
        "%.2f GB peak resident, forecast %.2f GB (%.3f)",
        cost.peak() / 1e9,
        cost.forecast() / 1e9,
        cost.forecast() / cost.peak());
  }
}
