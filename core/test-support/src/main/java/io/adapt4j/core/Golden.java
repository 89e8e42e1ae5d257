package io.adapt4j.core;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the reference folders that lie beside the repository and are not part of it. */
public final class Golden {

  private Golden() {}

  /** Returns a folder below shared/golden, or skips the test. */
  public static Path folder(String name) {
    return shared(Path.of("golden", name));
  }

  /** Returns a file or folder below shared/data, or skips the test. */
  public static Path data(String name) {
    return shared(Path.of("data", name));
  }

  private static Path shared(Path name) {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path found = at.resolve("shared").resolve(name);
      if (Files.exists(found)) {
        return found;
      }
    }
    return abort("no shared/" + name + " beside the repository");
  }
}
