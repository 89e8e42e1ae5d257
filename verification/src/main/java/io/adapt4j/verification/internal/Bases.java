package io.adapt4j.verification.internal;

import java.nio.file.Files;
import java.nio.file.Path;

/** Locates folders referenced by others. */
public final class Bases {

  private Bases() {}

  /** Finds a folder by its name relative to this folder or to one of its parents. */
  public static Path find(Path folder, String name) {
    for (Path root = folder.toAbsolutePath(); root != null; root = root.getParent()) {
      Path found = root.resolve(name);
      if (!name.isEmpty() && Files.isDirectory(found)) {
        return found;
      }
    }
    throw new GoldenException(
        folder + ": expected the folder '" + name + "' below it or one of its parents, found none");
  }
}
