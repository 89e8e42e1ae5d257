package io.adapt4j.verification.fuzz;

import io.adapt4j.verification.ExampleFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Objects;

/** Valid files that mutations begin from. */
final class Stored {

  private Stored() {}

  /** Returns a file of {@code fuzz-seeds}. */
  static byte[] seed(String name) {
    try (InputStream in = Stored.class.getResourceAsStream("/fuzz-seeds/" + name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a file of the examples. */
  static byte[] example(String name) {
    try {
      return Files.readAllBytes(ExampleFiles.example(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
