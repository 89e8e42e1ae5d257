package io.adapt4j.core.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** File system operations that may be unsupported or differ. */
interface Storage {

  /** The real file system. */
  Storage NATIVE = new Storage() {};

  default void createSymbolicLink(Path link, Path target) throws IOException {
    Files.createSymbolicLink(link, target);
  }

  /** Returns the usable bytes on the folder's disk. */
  default long usableSpace(Path folder) throws IOException {
    return Files.getFileStore(folder).getUsableSpace();
  }
}
