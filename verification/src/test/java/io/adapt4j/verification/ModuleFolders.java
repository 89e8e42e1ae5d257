package io.adapt4j.verification;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Folders of the modules: those with a pom.xml, at the root or in a folder of modules there. */
final class ModuleFolders {

  private ModuleFolders() {}

  /** Returns the folders, without the root itself. */
  static List<Path> of(Path root) throws IOException {
    try (Stream<Path> folders = Files.walk(root, 2)) {
      return folders
          .filter(folder -> !folder.equals(root))
          .filter(folder -> Files.exists(folder.resolve("pom.xml")))
          .sorted()
          .toList();
    }
  }

  /** Returns the folder of a module by its name; the root itself where there is none. */
  static Path of(Path root, String name) throws IOException {
    return of(root).stream()
        .filter(folder -> folder.endsWith(name))
        .findFirst()
        .orElse(root.resolve(name));
  }
}
