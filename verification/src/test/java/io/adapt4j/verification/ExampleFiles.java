package io.adapt4j.verification;

import java.nio.file.Files;
import java.nio.file.Path;

/** The model and the data that come with the examples. */
public final class ExampleFiles {

  private ExampleFiles() {}

  /** Tests run in the module's folder or in the root. */
  public static Path example(String name) {
    Path sibling = Path.of("../examples");
    return (Files.isDirectory(sibling) ? sibling : Path.of("examples")).resolve(name);
  }
}
