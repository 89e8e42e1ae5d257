package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Profile;
import io.adapt4j.benchmarks.harness.Suite;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/**
 * Every JMH benchmark and every program that takes part, one after another, as one table and as raw
 * numbers.
 */
@InSuite(leftOut = "runs the others")
public final class AllBenchmarks {

  private static final String OPTIONS = "--profile quick --only --output benchmarks/results/latest";
  private static final String LIST = "--list";

  private AllBenchmarks() {}

  /**
   * Measures; exits with 1 if a benchmark failed. Options: {@code --profile quick|full}, {@code
   * --only} (a regular expression for names), {@code --output} (the table and the numbers, without
   * {@code .md} and {@code .json}), {@code --list} (prints what would be measured).
   */
  public static void main(String[] line) throws IOException {
    Arguments arguments = Arguments.parse(line, OPTIONS, LIST);
    String profile = arguments.oneOf("--profile", Set.of("quick", "full"));
    Suite suite =
        new Suite(
            AllBenchmarks.class.getPackageName(),
            Profile.valueOf(profile.toUpperCase(Locale.ROOT)),
            arguments.text("--only"),
            System.out::println);
    if (arguments.has(LIST)) {
      suite.names().forEach(System.out::println);
      return;
    }
    ExampleFiles.model();
    System.exit(suite.run(Path.of(arguments.text("--output"))) ? 0 : 1);
  }
}
