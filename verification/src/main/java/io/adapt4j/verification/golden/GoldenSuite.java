package io.adapt4j.verification.golden;

import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Report;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Checks golden folders of every kind this build knows. */
public final class GoldenSuite {

  private GoldenSuite() {}

  /**
   * Checks folders and prints a line for every quantity, a count for every kind, and a count at the
   * end.
   *
   * @param paths golden folders or files, or folders with such at any depth
   * @param out where to print
   * @return whether nothing failed
   */
  public static boolean run(List<Path> paths, PrintStream out) {
    Report report = new Report(out);
    for (Path path : paths) {
      List<Path> sources = new ArrayList<>();
      collect(path, sources);
      if (sources.isEmpty()) {
        report.section(label(path, path)).failed("folder", notGolden(path));
      }
      for (Path source : sources) {
        check(source, report.section(label(path, source)));
      }
    }
    report.printCounts();
    return report.failed() == 0;
  }

  private static void check(Path path, Report.Section section) {
    section.attempt(
        "folder",
        () -> {
          GoldenSource source = GoldenSource.read(path);
          Optional<Kind> kind = Kinds.find(source);
          if (kind.isEmpty()) {
            throw new UnsupportedQuantityException(Kinds.unknown(source));
          }
          section.kind(kind.get().name());
          kind.get().check().run(source, section);
        });
  }

  /** Finds golden folders and files at any depth. Files in a golden folder are parts of it. */
  private static void collect(Path path, List<Path> found) {
    if (GoldenSource.isGolden(path)) {
      found.add(path);
      if (Files.isDirectory(path)) {
        children(path).stream().filter(Files::isDirectory).forEach(child -> collect(child, found));
      }
    } else if (Files.isDirectory(path) && !GoldenSource.isModel(path)) {
      children(path).forEach(child -> collect(child, found));
    }
  }

  private static List<Path> children(Path folder) {
    try (Stream<Path> children = Files.list(folder)) {
      return children
          .filter(child -> !child.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": listing failed", e);
    }
  }

  private static String notGolden(Path path) {
    return path
        + ": expected a golden folder (expected.json, or cases.json with template.jinja or"
        + " tensors), a JSON file of cases, or a folder with such in it, found "
        + (Files.exists(path) ? "another" : "none")
        + ". Check the path.";
  }

  /** The last names of the path: two of what was given, or all from what was given. */
  private static String label(Path given, Path source) {
    Path path = source.toAbsolutePath().normalize();
    int below = path.getNameCount() - given.toAbsolutePath().normalize().getNameCount();
    int names = Math.min(path.getNameCount(), Math.max(2, below + 1));
    return path.subpath(path.getNameCount() - names, path.getNameCount()).toString();
  }
}
