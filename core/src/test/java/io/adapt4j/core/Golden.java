package io.adapt4j.core;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the reference folders that lie beside the repository and are not part of it. */
public final class Golden {

  private Golden() {}

  /** Returns a folder below shared/golden, or skips the test. */
  public static Path folder(String name) {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path folder = at.resolve("shared").resolve("golden").resolve(name);
      if (Files.isDirectory(folder)) {
        return folder;
      }
    }
    assumeTrue(false, "no folder shared/golden/" + name + " beside the repository");
    throw new AssertionError("unreachable");
  }
}
