package io.adapt4j.eval.task;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The CSV files of a folder. */
final class CsvFiles {

  private CsvFiles() {}

  /** Returns a file itself, or the files of a folder by name. */
  static List<Path> of(Path path) {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> files = Files.list(path)) {
      List<Path> found = files.filter(file -> file.toString().endsWith(".csv")).sorted().toList();
      if (found.isEmpty()) {
        throw new IllegalArgumentException(path + ": expected CSV files, found none");
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException("Listing " + path + " failed", e);
    }
  }
}
