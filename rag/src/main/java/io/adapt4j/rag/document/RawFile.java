package io.adapt4j.rag.document;

import io.adapt4j.rag.internal.document.FileNames;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.attribute.FileTime;
import java.util.Optional;

/**
 * Bytes with a name.
 *
 * @param id the id of the document to be
 * @param modified when they were last changed, if that is known
 * @param opening opens them
 */
record RawFile(String id, Optional<FileTime> modified, Opening opening) {

  /** Opens bytes to be read. */
  @FunctionalInterface
  interface Opening {
    InputStream open() throws IOException;
  }

  String name() {
    return FileNames.last(id);
  }

  /** Reads all bytes, or one more than the most that are allowed. */
  byte[] read(long most) throws IOException {
    try (InputStream stream = opening.open()) {
      return stream.readNBytes(Math.toIntExact(most + 1));
    }
  }
}
