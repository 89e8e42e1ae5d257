package io.adapt4j.benchmarks.harness;

import io.adapt4j.core.internal.provenance.SystemInfo;
import io.adapt4j.core.internal.tensor.host.Processor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Runs all benchmarks, one after another, and creates one table of results. */
public final class Suite {

  private final Profile profile;
  private final List<Work> work;
  private final Consumer<String> progress;

  /** Prepares a run. */
  public Suite(String programs, Profile profile, String only, Consumer<String> progress) {
    Pattern pattern = Pattern.compile(only);
    List<Work> all = new ArrayList<>();
    all.addAll(JmhWork.all(profile));
    all.addAll(ProgramWork.all(programs, profile));
    this.work = all.stream().filter(work -> pattern.matcher(work.name()).find()).toList();
    this.profile = profile;
    this.progress = progress;
  }

  /** {@return the benchmarks of the profile, in the order of measurement} */
  public List<String> names() {
    return work.stream().map(Work::name).toList();
  }

  /** Runs the benchmarks, prints the table and writes it with the raw numbers. */
  public boolean run(Path output) throws IOException {
    Instant begun = Instant.now();
    List<Result> results = new ArrayList<>();
    for (int i = 0; i < work.size(); i++) {
      Instant start = Instant.now();
      results.addAll(work.get(i).measure());
      progress.accept(
          String.format(
              Locale.ROOT,
              "%d of %d: %s, %d s",
              i + 1,
              work.size(),
              work.get(i).name(),
              Duration.between(start, Instant.now()).toSeconds()));
    }
    Table table =
        new Table(begun, profile, commit(), SystemInfo.here(), Processor.features(), results);
    Files.createDirectories(output.toAbsolutePath().getParent());
    Files.writeString(Path.of(output + ".md"), table.markdown());
    Files.writeString(Path.of(output + ".json"), table.json().toPrettyString() + "\n");
    progress.accept("\n" + table.markdown());
    results.stream()
        .filter(result -> result.status() != Result.Status.MEASURED)
        .map(result -> result.status() + " " + result.title() + ": " + result.reason())
        .forEach(progress);
    return results.stream().noneMatch(result -> result.status() == Result.Status.FAILED);
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
