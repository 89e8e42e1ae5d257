package io.adapt4j.core.hub;

import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** Adds the file name to disk failures, which must not be mistaken for network failures. */
final class DiskFailures {

  private DiskFailures() {}

  /** Reads from disk. */
  @FunctionalInterface
  interface Read<T> {
    T call() throws IOException;
  }

  /** Disk operation. */
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
