package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.benchmarks.suite.Samples;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * Compares concurrent requests with a shared prompt prefix, such as a system message, with as many
 * without: native memory and time until all are answered. Each case runs in its own process.
 */
@InSuite(quick = "--requests 8 --prefix 256 --tokens 16 --repetitions 2", full = "")
public final class SharedPrefixBenchmark {

  private static final Map<String, String> DEFAULTS =
      Map.of("--requests", "16", "--prefix", "512", "--tokens", "32", "--repetitions", "3");

  private SharedPrefixBenchmark() {}

  /**
   * Runs the benchmark.
   *
   * @param line {@code --requests} at the same time, {@code --prefix} tokens of a common beginning,
   *     new {@code --tokens} each, {@code --repetitions}
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, DEFAULTS, Set.of());
    int requests = arguments.number("--requests", 2);
    int prefix = arguments.number("--prefix", 1);
    int tokens = arguments.number("--tokens", 1);
    int repetitions = arguments.number("--repetitions", 1);
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      SmolLm.write(folder.path());
      OwnProcess other = run(folder.path(), requests, prefix, tokens, repetitions, false);
      OwnProcess same = run(folder.path(), requests, prefix, tokens, repetitions, true);
      Report report = new Report("Prompts with a common beginning, SmolLM2-135M's shape, bf16");
      Machine.describe(report);
      report.line(
          "setting",
          "%d requests, prompts of %d + %d tokens, %d new ones, medians of %d",
          requests,
          prefix,
          SharedPrefixCase.OWN,
          tokens,
          repetitions);
      line(report, "own prefixes", other);
      line(report, "one prefix", same);
      report.figure(
          Measurement.smallerRatio("memory of one prefix", bytes(same) / bytes(other))
              .label("rise of the RSS with one prefix, of that with own ones"));
      report.figure(
          Measurement.smallerRatio(
                  "time of one prefix", seconds(same).median() / seconds(other).median())
              .label("time until all are answered, of that with own prefixes"));
      report.print();
    }
  }

  private static OwnProcess run(
      Path folder, int requests, int prefix, int tokens, int repetitions, boolean same) {
    return OwnProcess.run(
        SharedPrefixCase.class, folder, requests, prefix, tokens, repetitions, same);
  }

  private static void line(Report report, String name, OwnProcess process) {
    report.line(
        name,
        "%.0f MB more resident, %.2f s until all are answered",
        bytes(process) / 1e6,
        seconds(process).median());
  }

  private static double bytes(OwnProcess process) {
    return process.number(SharedPrefixCase.BYTES);
  }

  private static Samples seconds(OwnProcess process) {
    return process.samples(SharedPrefixCase.SECONDS);
  }
}
