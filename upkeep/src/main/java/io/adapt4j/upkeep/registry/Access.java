package io.adapt4j.upkeep.registry;

import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;

/** Explains failures of the disk, and waits for the lock of a model's versions and aliases. */
final class Access {

  private static final String LOCK = ".lock";
  private static final int ATTEMPTS = 6_000;
  private static final long PAUSE_MILLIS = 10;

  private Access() {}

  /** Step that uses files. */
  interface Step<T> {
    T run() throws IOException;
  }

  static <T> T writing(Path target, Step<T> step) {
    try {
      return step.run();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Writing to " + target + " failed: " + WriteFailure.explain(target, e) + ".", e);
    }
  }

  static <T> T reading(Path source, Step<T> step) {
    try {
      return step.run();
    } catch (IOException e) {
      String reason =
          WriteFailure.isInterrupt(e)
              ? "the thread was interrupted; run it again"
              : e + ". Check the disk, and the permissions of the file";
      throw new UncheckedIOException("Reading " + source + " failed: " + reason + ".", e);
    }
  }

  static ProcessLock lock(Path home) throws IOException {
    Path file = home.resolve(LOCK);
    for (int attempt = 1; ; attempt++) {
      Optional<ProcessLock> lock = ProcessLock.tryTake(file);
      if (lock.isPresent()) {
        return lock.get();
      }
      // Attempts rather than a time: this process may have been stopped together with the holder.
      if (attempt == ATTEMPTS) {
        throw new RegistryException(
            "%s: another process has held the lock for a minute. Wait for it, or end it."
                .formatted(file));
      }
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while waiting for " + file);
      }
    }
  }
}
