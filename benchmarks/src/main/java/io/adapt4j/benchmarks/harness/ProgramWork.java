package io.adapt4j.benchmarks.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program that is run with a command line, in its own process. */
record ProgramWork(Class<?> program, InSuite suite, Profile profile, String line) implements Work {

  private static final int LINES_OF_ERROR = 12;
  private static final String SUFFIX = ".class";

  /** Returns all command lines of a profile of the programs of a package and those below it. */
  static List<ProgramWork> all(String packageName, Profile profile) {
    return programs(packageName).stream()
        .filter(type -> type.isAnnotationPresent(InSuite.class))
        .flatMap(type -> all(type, profile).stream())
        .toList();
  }

  /** Returns a program's command lines. */
  static List<ProgramWork> all(Class<?> program, Profile profile) {
    InSuite suite = program.getAnnotation(InSuite.class);
    return Stream.of(profile.lines(suite))
        .map(line -> new ProgramWork(program, suite, profile, line))
        .toList();
  }

  /** Returns the classes with a main method, except nested ones, which are parts of programs. */
  static List<Class<?>> programs(String packageName) {
    Path root =
        Path.of(
            URI.create(
                ProgramWork.class.getProtectionDomain().getCodeSource().getLocation().toString()));
    try (Stream<Path> files = Files.walk(root.resolve(packageName.replace('.', '/')))) {
      return files
          .map(file -> root.relativize(file).toString())
          .filter(name -> name.endsWith(SUFFIX) && !name.contains("$") && !name.contains("-"))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()).replace('/', '.'))
          .<Class<?>>map(ProgramWork::load)
          .filter(
              type ->
                  Arrays.stream(type.getDeclaredMethods())
                      .anyMatch(method -> method.getName().equals("main")))
          .sorted(Comparator.comparing(Class::getSimpleName))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("The classes in " + root + " cannot be listed", e);
    }
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, ProgramWork.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public String name() {
    return program.getSimpleName();
  }

  @Override
  public String title() {
    return (name() + " " + line).strip();
  }

  @Override
  public List<Result> measure() {
    Optional<String> missing =
        Arrays.stream(suite.needs()).filter(path -> !Files.exists(Path.of(path))).findFirst();
    return List.of(
        missing
            .map(path -> Result.skipped(name(), line, path + " is not here"))
            .orElseGet(this::run));
  }

  private Result run() {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path output = folder.path().resolve("output.txt");
      Path log = folder.path().resolve("figures.jsonl");
      List<String> flags = new ArrayList<>(List.of(suite.jvm()));
      flags.add("-D" + MeasurementLog.PROPERTY + "=" + log);
      List<String> words = line.isBlank() ? List.of() : List.of(line.split(" ", -1));
      Process process =
          JavaCommand.of(program, flags, words)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      try {
        if (!process.waitFor(profile.most.toSeconds(), TimeUnit.SECONDS)) {
          return Result.failed(name(), line, "took longer than " + profile.most);
        }
      } finally {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
      if (process.exitValue() != 0) {
        List<String> lines = Files.readAllLines(output);
        List<String> last = lines.subList(Math.max(0, lines.size() - LINES_OF_ERROR), lines.size());
        String reason = "exit " + process.exitValue() + ": " + String.join("\n", last);
        return Result.failed(name(), line, reason);
      }
      List<Measurement> figures = MeasurementLog.read(log);
      return figures.isEmpty()
          ? Result.failed(name(), line, "reported no figures")
          : Result.measured(name(), line, figures);
    } catch (IllegalArgumentException e) {
      return Result.failed(name(), line, e.getMessage());
    } catch (IOException e) {
      throw new UncheckedIOException("Running " + name() + " failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Result.failed(name(), line, "was interrupted");
    }
  }
}
