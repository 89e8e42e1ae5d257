package io.adapt4j.rag.document;

import io.adapt4j.rag.internal.document.FileNames;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.attribute.FileTime;
import java.util.Optional;

/** A file to read. */
record RawFile(String id, Optional<FileTime> modified, Opening opening) {

  /** Opens the content. */
  @FunctionalInterface
  interface Opening {
    InputStream open() throws IOException;
  }

  String name() {
    return FileNames.last(id);
  }

  /** Reads all bytes, or one more than the allowed maximum. */
  byte[] read(long most) throws IOException {
    try (InputStream stream = opening.open()) {
      return stream.readNBytes(Math.toIntExact(most + 1));
    }
  }
}
