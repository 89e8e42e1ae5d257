package io.adapt4j.core.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.UUID;
import java.util.stream.Stream;

/** Folders that appear under their name only when they are complete. */
final class Folders {

  private Folders() {}

  /** A name beside a folder that nobody reads. */
  static Path hidden(Path target) {
    return target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID());
  }

  /** Puts a complete folder in the place of another, if there is one. */
  static void publish(Path hidden, Path target) throws IOException {
    delete(target);
    Files.move(hidden, target, StandardCopyOption.ATOMIC_MOVE);
  }

  static void delete(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(path)) {
      for (Path one : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(one);
      }
    }
  }

  static void deleteQuietly(Path path) {
    try {
      delete(path);
    } catch (IOException e) {
      // The failure before is the one to report; a hidden folder is never read.
    }
  }
}
