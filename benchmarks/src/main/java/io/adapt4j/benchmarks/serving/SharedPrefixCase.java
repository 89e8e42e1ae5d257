package io.adapt4j.benchmarks.serving;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.benchmarks.suite.InSuite;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/**
 * Requests of several threads, in a separate process: prints their time and the increase in RSS.
 */
@InSuite(leftOut = "a part of SharedPrefixBenchmark")
final class SharedPrefixCase {

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
                        Timing.together(asked, threads, prompt -> served.answer(prompt, tokens))));
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
