package io.adapt4j.benchmarks.harness;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Runs all benchmarks, one after another, into one file of results and one table. */
public final class Suite {

  private final Profile profile;
  private final List<Work> work;
  private final Consumer<String> progress;

  /** Prepares a run of the benchmarks of a package and those below it whose names match. */
  public Suite(String programs, Profile profile, String only, Consumer<String> progress) {
    this(all(programs, profile, Pattern.compile(only)), profile, progress);
  }

  Suite(List<Work> work, Profile profile, Consumer<String> progress) {
    this.work = List.copyOf(work);
    this.profile = profile;
    this.progress = progress;
  }

  private static List<Work> all(String programs, Profile profile, Pattern only) {
    return Stream.<List<? extends Work>>of(JmhWork.all(profile), ProgramWork.all(programs, profile))
        .<Work>flatMap(List::stream)
        .filter(work -> only.matcher(work.title()).find() || isLimits(work))
        .sorted(Comparator.comparing(work -> !isLimits(work)))
        .toList();
  }

  /** Returns whether this is what other results are compared with, which every run begins with. */
  private static boolean isLimits(Work work) {
    return work instanceof ProgramWork && work.name().equals(MachineLimits.class.getSimpleName());
  }

  /** {@return the benchmarks of the profile, in the order of measurement} */
  public List<String> titles() {
    return work.stream().map(Work::title).toList();
  }

  /**
   * Runs the benchmarks, writes the results so far after each, and prints the table.
   *
   * @param output file of the results
   * @return whether no benchmark failed
   */
  public boolean run(Path output) throws IOException {
    Run run =
        Run.here(
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(), profile.text(), commit());
    try (TemporaryFolder models = TemporaryFolder.create()) {
      System.setProperty(TemporaryFolder.SHARED, models.path().toString());
      run = measured(run, output);
    } finally {
      System.clearProperty(TemporaryFolder.SHARED);
    }
    progress.accept("\n" + new Table(run).markdown());
    run.results().stream()
        .filter(result -> result.status() != Result.Status.MEASURED)
        .map(result -> result.status() + " " + result.title() + ": " + result.reason())
        .forEach(progress);
    return run.results().stream().noneMatch(result -> result.status() == Result.Status.FAILED);
  }

  private Run measured(Run begun, Path output) throws IOException {
    Run run = begun;
    List<Result> results = new ArrayList<>();
    for (int i = 0; i < work.size(); i++) {
      Instant start = Instant.now();
      results.addAll(work.get(i).measure());
      run = run.with(MachineLimits.of(results), results);
      run.write(output);
      progress.accept(
          String.format(
              Locale.ROOT,
              "%d of %d: %s, %d s",
              i + 1,
              work.size(),
              work.get(i).title(),
              Duration.between(start, Instant.now()).toSeconds()));
    }
    return run;
  }

  /** Returns Git's name of the commit, with {@code -dirty} if files differ. */
  private static String commit() throws IOException {
    Process git =
        new ProcessBuilder("git", "describe", "--always", "--dirty", "--abbrev=8")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String output = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return output.isBlank() ? "no commit" : output.strip();
  }
}
