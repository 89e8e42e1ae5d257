package io.adapt4j.gguf;

import io.adapt4j.gguf.format.GgufMetadata;
import java.nio.file.Path;

/** placeholder. */
public final class Modelfile {

  private Modelfile() {}

  Path write(Path file, GgufMetadata metadata) {
    return file;
  }
}
