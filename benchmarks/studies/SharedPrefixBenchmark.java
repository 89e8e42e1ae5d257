import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.benchmarks.serving.Served;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/**
 * Compares concurrent requests with a shared prompt prefix, such as a system message, with as many
 * without: native memory and time until all are answered. Each case runs in its own process.
 */
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

  /**
   * Requests of several threads, in a separate process: prints their time and the increase in RSS.
   */
  static final class SharedPrefixCase {

    static final String SECONDS = "seconds ";
    static final String BYTES = "bytes ";

    /** Number of tokens unique to each prompt. */
    static final int OWN = 16;

    private final SplittableRandom random = new SplittableRandom(1);
    private final Arguments arguments;
    private final int prefix;

    private SharedPrefixCase(Arguments arguments) {
      this.arguments = arguments;
      this.prefix = arguments.number("--prefix", 1);
    }

    /** Runs a case; the options are those of the benchmark, {@code --folder} and {@code --same}. */
    public static void main(String[] line) {
      new SharedPrefixCase(
              Arguments.parse(line, SharedPrefixBenchmark.OPTIONS + " --folder --same false"))
          .run();
    }

    private void run() {
      ExecutorService threads = Executors.newCachedThreadPool();
      int tokens = arguments.number("--tokens", 1);
      try (Served served = Served.load(Path.of(arguments.text("--folder")))) {
        served.answer(ids(prefix), tokens);
        served.answer(ids(prefix), tokens);
        System.gc();
        long before = Machine.resident();
        Machine.resetPeakResident();
        for (int i = 0; i < arguments.number("--repetitions", 1); i++) {
          List<int[]> asked = prompts();
          System.out.println(
              SECONDS
                  + Timing.seconds(
                      () ->
                          Timing.together(
                              asked, threads, prompt -> served.answer(prompt, tokens))));
          if (i == 0) {
            System.out.println(BYTES + (Machine.peakResident() - before));
          }
        }
      } finally {
        threads.shutdown();
      }
    }

    private int[] ids(int count) {
      return random.ints(count, 1, SmolLm.VOCABULARY).toArray();
    }

    private List<int[]> prompts() {
      boolean same = Boolean.parseBoolean(arguments.text("--same"));
      int[] common = ids(prefix);
      return IntStream.range(0, arguments.number("--requests", 2))
          .mapToObj(i -> Decoding.joined(same ? common : ids(prefix), ids(OWN)))
          .toList();
    }
  }
}
