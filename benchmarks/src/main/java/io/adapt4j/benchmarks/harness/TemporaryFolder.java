package io.adapt4j.benchmarks.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A folder that is deleted recursively on closing. */
public record TemporaryFolder(Path path) implements AutoCloseable {

  /** System property for the folder of a suite, in which models are kept until it ends. */
  static final String SHARED = "adapt4j.benchmarks.folder";

  public static TemporaryFolder create() {
    try {
      return new TemporaryFolder(Files.createTempDirectory("adapt4j-benchmark"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs an action in a given folder, or in a temporary one if none is named. */
  public static void run(String kept, Consumer<Path> action) {
    if (!kept.isEmpty()) {
      try {
        action.accept(Files.createDirectories(Path.of(kept)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return;
    }
    try (TemporaryFolder folder = create()) {
      action.accept(folder.path());
    }
  }

  /**
   * Runs an action in a given folder, else in one that the programs of a suite leave to each other,
   * else in a temporary one.
   */
  public static void run(String kept, Class<?> program, Consumer<Path> action) {
    String shared = System.getProperty(SHARED, "");
    run(
        kept.isEmpty() && !shared.isEmpty() ? shared + "/" + program.getSimpleName() : kept,
        action);
  }

  @Override
  public void close() {
    try (Stream<Path> tree = Files.walk(path)) {
      List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
