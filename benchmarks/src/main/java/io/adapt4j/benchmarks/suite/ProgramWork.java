package io.adapt4j.benchmarks.suite;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A program that is run once for each of its command lines, each time in its own process. */
record ProgramWork(Class<?> program, InSuite suite, Profile profile) implements Work {

  private static final int LINES_OF_ERROR = 12;

  /** All programs of a package that have command lines in a profile. */
  static List<ProgramWork> all(String packageName, Profile profile) {
    List<ProgramWork> all = new ArrayList<>();
    for (Class<?> type : MainClasses.of(packageName)) {
      InSuite suite = type.getAnnotation(InSuite.class);
      if (suite != null && profile.lines(suite).length > 0) {
        all.add(new ProgramWork(type, suite, profile));
      }
    }
    return all;
  }

  @Override
  public String name() {
    return program.getSimpleName();
  }

  @Override
  public List<Result> measure() {
    Optional<String> missing =
        Arrays.stream(suite.needs()).filter(path -> !Files.exists(Path.of(path))).findFirst();
    List<Result> results = new ArrayList<>();
    for (String line : profile.lines(suite)) {
      results.add(
          missing
              .map(path -> Result.skipped(name(), line, path + " is not here"))
              .orElseGet(() -> measure(line)));
    }
    return results;
  }

  private Result measure(String line) {
    try {
      Path folder = Files.createTempDirectory("adapt4j-suite");
      Path output = folder.resolve("output.txt");
      Path figures = folder.resolve("figures.jsonl");
      try {
        return measure(line, output, figures);
      } finally {
        Files.deleteIfExists(output);
        Files.deleteIfExists(figures);
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Running " + name() + " failed", e);
    }
  }

  private Result measure(String line, Path output, Path figures) throws IOException {
    List<String> flags = new ArrayList<>(List.of(suite.jvm()));
    flags.add("-D" + MeasurementLog.PROPERTY + "=" + figures);
    List<String> words = line.isBlank() ? List.of() : List.of(line.split(" ", -1));
    Process process =
        JavaCommand.of(program, flags, words)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      if (!process.waitFor(profile.most().toSeconds(), TimeUnit.SECONDS)) {
        return Result.failed(name(), line, "took longer than " + profile.most());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Result.failed(name(), line, "was interrupted");
    } finally {
      process.destroyForcibly();
    }
    return process.exitValue() == 0
        ? measured(line, MeasurementLog.read(figures))
        : Result.failed(name(), line, "exit " + process.exitValue() + ": " + lastLines(output));
  }

  private Result measured(String line, List<Measurement> figures) {
    return figures.isEmpty()
        ? Result.failed(name(), line, "reported no figures")
        : Result.measured(name(), line, figures);
  }

  private static String lastLines(Path output) throws IOException {
    List<String> lines = Files.readAllLines(output);
    return String.join(
        "\n", lines.subList(Math.max(0, lines.size() - LINES_OF_ERROR), lines.size()));
  }
}
