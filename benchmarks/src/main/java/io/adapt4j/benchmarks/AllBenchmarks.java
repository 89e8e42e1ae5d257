package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Profile;
import io.adapt4j.benchmarks.harness.Suite;
import io.adapt4j.benchmarks.models.LlamaCpp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/**
 * Every JMH benchmark and every program that takes part, one after another, as one table and one
 * file of results.
 */
@InSuite(leftOut = "runs the others")
public final class AllBenchmarks {

  private static final String OPTIONS =
      "--profile published --only --results benchmarks/target/results.json --llama.cpp";
  private static final String LIST = "--list";

  private AllBenchmarks() {}

  /**
   * Measures; exits with 1 if a benchmark failed. Options: {@code --profile published|quick|full},
   * {@code --only} (a regular expression for names with options), {@code --results} (the file of
   * the results), {@code --llama.cpp} (a folder with node-llama-cpp, with which decoding is
   * compared), {@code --list} (prints what would be measured).
   */
  public static void main(String[] line) throws IOException {
    Arguments arguments = Arguments.parse(line, OPTIONS, LIST);
    String profile = arguments.oneOf("--profile", Set.of("published", "quick", "full"));
    Suite suite =
        new Suite(
            AllBenchmarks.class.getPackageName(),
            Profile.valueOf(profile.toUpperCase(Locale.ROOT)),
            arguments.text("--only"),
            System.out::println);
    if (arguments.has(LIST)) {
      suite.titles().forEach(System.out::println);
      return;
    }
    ExampleFiles.model();
    LlamaCpp.install(arguments.text("--llama.cpp"));
    System.exit(suite.run(Path.of(arguments.text("--results"))) ? 0 : 1);
  }
}
