package io.adapt4j.benchmarks.suite;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Measures all benchmarks, stores the run, and shows it beside the last one. */
public final class Suite {

  private final Profile profile;
  private final String only;
  private final StoredRuns stored;
  private final Consumer<String> progress;

  /**
   * Prepares a run.
   *
   * @param profile how long benchmarks may take
   * @param only a regular expression that names of benchmarks must contain; empty for all
   * @param results the folder of stored runs
   * @param progress gets a line before and after each benchmark
   */
  public Suite(Profile profile, String only, Path results, Consumer<String> progress) {
    this.profile = profile;
    this.only = only;
    this.stored = new StoredRuns(results);
    this.progress = progress;
  }

  /**
   * Returns the benchmarks of the profile.
   *
   * @param programs the package of the programs
   * @return their names, in the order of measurement
   */
  public List<String> names(String programs) {
    return work(programs).stream().map(Work::name).toList();
  }

  private List<Work> work(String programs) {
    List<Work> work = new ArrayList<>();
    work.addAll(JmhWork.all(profile));
    work.addAll(ProgramWork.all(programs, profile));
    Pattern pattern = Pattern.compile(only);
    return work.stream().filter(one -> pattern.matcher(one.name()).find()).toList();
  }

  /**
   * Measures, stores the run as JSON and writes its page.
   *
   * @param programs the package of the programs
   * @param reference whether to store it as the reference too, which is kept with the sources
   * @param readme a Markdown file whose table is written anew
   * @return true if no benchmark failed and no figure became worse
   * @throws IOException if a file cannot be read or written
   */
  public boolean run(String programs, boolean reference, Optional<Path> readme) throws IOException {
    if (readme.isPresent()) {
      if (!only.isEmpty()) {
        throw new IllegalArgumentException(
            "The table of "
                + readme.get()
                + " needs all benchmarks: leave out the pattern "
                + only);
      }
      PerformanceTable.check(readme.get());
    }
    Run run = measure(work(programs));
    progress.accept("stored " + stored.store(run, run.fileName()));
    if (reference) {
      progress.accept("stored " + stored.store(run, StoredRuns.REFERENCE));
    }
    return show(run, readme);
  }

  /**
   * Writes the page, and the table if it is asked for, of a run that was stored earlier.
   *
   * @param file the run
   * @param readme a Markdown file whose table is written anew
   * @return true if no benchmark failed and no figure became worse
   * @throws IOException if a file cannot be read or written
   */
  public boolean show(Path file, Optional<Path> readme) throws IOException {
    return show(RunJson.read(file), readme);
  }

  private boolean show(Run run, Optional<Path> readme) throws IOException {
    Comparison comparison = Comparison.of(run, stored.all());
    Path page = stored.folder().resolve(run.fileName() + ".html");
    StoredRuns.replace(page, Page.of(comparison));
    progress.accept("wrote " + page);
    if (readme.isPresent()) {
      PerformanceTable.write(readme.get(), run);
      progress.accept("wrote the table of " + readme.get());
    }
    progress.accept(comparison.remark());
    for (Comparison.Change change : comparison.with(Comparison.Verdict.WORSE)) {
      progress.accept(
          "worse: "
              + change.key().benchmark()
              + " "
              + change.key().setting()
              + ": "
              + change.key().name()
              + " "
              + change.now().text()
              + ", was "
              + change.before().orElseThrow().text());
    }
    List<Result> failed = run.withStatus(Result.Status.FAILED);
    failed.forEach(one -> progress.accept("failed: " + one.title() + ": " + one.reason()));
    run.withStatus(Result.Status.SKIPPED)
        .forEach(one -> progress.accept("skipped: " + one.title() + ": " + one.reason()));
    return failed.isEmpty() && comparison.with(Comparison.Verdict.WORSE).isEmpty();
  }

  private Run measure(List<Work> work) {
    Instant begun = Instant.now();
    Versions versions = Versions.here();
    List<Result> results = new ArrayList<>();
    for (int i = 0; i < work.size(); i++) {
      Instant start = Instant.now();
      Work one = work.get(i);
      results.addAll(one.measure());
      progress.accept(
          String.format(
              Locale.ROOT, "%d of %d: %s, %.0f s", i + 1, work.size(), one.name(), seconds(start)));
    }
    return new Run(
        begun, profile, only, seconds(begun), Commit.here(), Environment.here(), versions, results);
  }

  private static double seconds(Instant since) {
    return Duration.between(since, Instant.now()).toMillis() / 1e3;
  }
}
