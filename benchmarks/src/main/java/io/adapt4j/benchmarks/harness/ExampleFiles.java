package io.adapt4j.benchmarks.harness;

import java.nio.file.Files;
import java.nio.file.Path;

/** The model and the texts of the examples, found from the repository's root. */
public final class ExampleFiles {

  private ExampleFiles() {}

  public static Path model() {
    return require(Path.of("examples", "models", "stories260K"));
  }

  public static Path passages() {
    return require(Path.of("examples", "data", "shakespeare", "passages.jsonl"));
  }

  private static Path require(Path path) {
    if (!Files.exists(path)) {
      throw new IllegalStateException(
          path.toAbsolutePath() + " does not exist; run this from the repository's root");
    }
    return path;
  }
}
