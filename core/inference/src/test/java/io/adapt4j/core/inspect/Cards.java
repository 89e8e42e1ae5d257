package io.adapt4j.core.inspect;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

/** The hand-written cards among the resources. */
final class Cards {

  private Cards() {}

  static ModelCard read(String name) {
    return ModelCard.parse(Path.of(name + ".md"), text(name));
  }

  static String text(String name) {
    String resource = "/cards/" + name + ".md";
    try (InputStream in =
        Objects.requireNonNull(Cards.class.getResourceAsStream(resource), resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
