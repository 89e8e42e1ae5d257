package io.adapt4j.upkeep.registry;

import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.internal.FileDigest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Compares what a registry holds with its digests. */
final class Audit {

  private Audit() {}

  /** Returns one text for each problem of a whole registry. */
  static List<String> of(VersionStore store) {
    List<String> problems = new ArrayList<>();
    for (String name : Access.reading(store.root(), store::names)) {
      collect(problems, () -> History.read(store.home(name)));
      for (int number : Access.reading(store.root(), () -> store.numbers(name))) {
        Path home = store.home(name, number);
        collect(
            problems,
            () ->
                VersionRecord.read(home)
                    .ifPresentOrElse(
                        version -> problems.addAll(of(store, version)),
                        () -> problems.add(home + " has no record, or was just deleted")));
      }
    }
    return problems;
  }

  private static void collect(List<String> problems, Runnable check) {
    try {
      check.run();
    } catch (Adapt4jException e) {
      problems.add(String.valueOf(e.getMessage()));
    }
  }

  /** Returns one text for each problem of a version. */
  static List<String> of(VersionStore store, ModelVersion version) {
    Path home = store.home(version.name(), version.number());
    List<String> problems = new ArrayList<>(files(version));
    problems.addAll(Access.reading(home, () -> Exams.problems(home)));
    return problems;
  }

  /** Compares a version's files with their digests. */
  private static List<String> files(ModelVersion version) {
    List<String> problems = new ArrayList<>();
    TreeSet<String> expected = new TreeSet<>();
    try {
      for (VersionFile file : version.files()) {
        expected.add(file.path());
        Path now = version.folder().resolve(file.path());
        if (!Files.isRegularFile(now, LinkOption.NOFOLLOW_LINKS)) {
          problems.add(now + " is missing");
        } else if (!FileDigest.sha256(now).equals(file.sha256())) {
          problems.add(now + " has changed: its SHA-256 was " + file.sha256());
        }
      }
      try (Stream<Path> tree = Files.walk(version.folder())) {
        tree.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
            .filter(path -> !expected.contains(relative(version.folder(), path)))
            .sorted(Comparator.naturalOrder())
            .forEach(path -> problems.add(path + " was added"));
      }
    } catch (IOException | UncheckedIOException e) {
      problems.add(version.folder() + " cannot be read: " + e.getMessage());
    }
    return problems;
  }

  private static String relative(Path folder, Path file) {
    return folder.relativize(file).toString().replace('\\', '/');
  }
}
