package io.adapt4j.core.hub;

import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** Names the file in failures of the disk, which must not be taken for the network's. */
final class DiskFailures {

  private DiskFailures() {}

  /** Gives something that the disk has. */
  @FunctionalInterface
  interface Read<T> {
    T call() throws IOException;
  }

  /** Does something on the disk. */
  @FunctionalInterface
  interface Step {
    void run() throws IOException;
  }

  static void run(Path file, Step step) throws IOException {
    call(
        file,
        () -> {
          step.run();
          return file;
        });
  }

  static <T> T call(Path file, Read<T> read) throws IOException {
    try {
      return read.call();
    } catch (FileSystemException | InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      if (WriteFailure.isInterrupt(e)) {
        throw e;
      }
      FileSystemException named =
          new FileSystemException(file.toString(), null, String.valueOf(e.getMessage()));
      named.initCause(e);
      throw named;
    }
  }
}
