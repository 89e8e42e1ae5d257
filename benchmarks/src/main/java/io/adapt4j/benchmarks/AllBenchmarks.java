package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Profile;
import io.adapt4j.benchmarks.suite.Suite;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Every JMH benchmark and every program that takes part, one after another: stored as JSON,
 * compared with the last run on an equal machine, shown as a page, and put into the README's table.
 */
@InSuite(leftOut = "runs the others")
public final class AllBenchmarks {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "--profile", "quick",
          "--only", "",
          "--results", "benchmarks/results",
          "--stored", "",
          "--write-readme", "");
  private static final String REFERENCE = "--reference";
  private static final String LIST = "--list";

  private AllBenchmarks() {}

  /**
   * Measures, or shows a stored run; exits with 1 if a benchmark failed or a figure became worse.
   *
   * @param line {@code --profile quick|full}, {@code --only} (a regular expression for names),
   *     {@code --results} (the folder of stored runs), {@code --reference} (stores the run as the
   *     reference too), {@code --stored} (a run to show instead of measuring), {@code
   *     --write-readme} (a Markdown file whose table is written anew), {@code --list} (prints what
   *     would be measured)
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] line) throws IOException {
    Arguments arguments = Arguments.parse(line, DEFAULTS, Set.of(REFERENCE, LIST));
    String profile = arguments.oneOf("--profile", Set.of("quick", "full"));
    Suite suite =
        new Suite(
            Profile.valueOf(profile.toUpperCase(Locale.ROOT)),
            arguments.text("--only"),
            Path.of(arguments.text("--results")),
            System.out::println);
    String programs = AllBenchmarks.class.getPackageName();
    Optional<Path> readme =
        Optional.of(arguments.text("--write-readme")).filter(t -> !t.isEmpty()).map(Path::of);
    if (arguments.has(LIST)) {
      suite.names(programs).forEach(System.out::println);
      return;
    }
    if (!arguments.text("--stored").isEmpty()) {
      end(suite.show(Path.of(arguments.text("--stored")), readme));
    }
    ExampleFiles.model();
    end(suite.run(programs, arguments.has(REFERENCE), readme));
  }

  private static void end(boolean good) {
    System.exit(good ? 0 : 1);
  }
}
