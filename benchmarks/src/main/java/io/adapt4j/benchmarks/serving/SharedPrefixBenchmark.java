package io.adapt4j.benchmarks.serving;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.benchmarks.suite.Samples;
import java.nio.file.Path;

/**
 * Compares concurrent requests with a shared prompt prefix, such as a system message, with as many
 * without: native memory and time until all are answered. Each case runs in its own process.
 */
@InSuite(quick = "--requests 8 --prefix 256 --tokens 16 --repetitions 2", full = "")
public final class SharedPrefixBenchmark {

  static final String OPTIONS = "--requests 16 --prefix 512 --tokens 32 --repetitions 3";

  private SharedPrefixBenchmark() {}

  /**
   * Options: {@code --requests} at the same time, {@code --prefix} tokens of a common beginning,
   * new {@code --tokens} each, {@code --repetitions}.
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      SmolLm.write(folder.path());
      OwnProcess other = run(arguments, folder.path(), false);
      OwnProcess same = run(arguments, folder.path(), true);
      Report report = new Report("Prompts with a common beginning, SmolLM2-135M's shape, bf16");
      report.line(
          "setting",
          "%d requests, prompts of %d + %d tokens, %d new ones, medians of %d",
          arguments.number("--requests", 2),
          arguments.number("--prefix", 1),
          SharedPrefixCase.OWN,
          arguments.number("--tokens", 1),
          arguments.number("--repetitions", 1));
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

  private static OwnProcess run(Arguments arguments, Path folder, boolean same) {
    return OwnProcess.run(
        SharedPrefixCase.class, arguments.with("--folder", folder, "--same", same));
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
