package io.adapt4j.core;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Keeps an output folder to one run at a time, on this machine. Ends with the process. */
final class OutputLock implements AutoCloseable {

  private static final String FILE = ".lock";

  private final FileChannel channel;

  private OutputLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock.
   *
   * @param output created if absent
   * @return the lock
   * @throws FineTuneException if another run has it, or the folder cannot be written
   */
  static OutputLock take(Path output) {
    try {
      Files.createDirectories(output);
      FileChannel channel =
          FileChannel.open(
              output.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (isTaken(channel)) {
        channel.close();
        throw new FineTuneException(
            List.of(
                "output "
                    + output
                    + " is in use by another run; wait for its end or choose another folder"));
      }
      return new OutputLock(channel);
    } catch (IOException e) {
      throw new FineTuneException(
          List.of("output " + output + " cannot be written to: " + e + "; check its permissions"));
    }
  }

  private static boolean isTaken(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock == null;
    } catch (OverlappingFileLockException e) {
      return true;
    }
  }

  /** Gives the folder free; the lock's file stays, as another run may be opening it. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The lock ends with the process at the latest.
    }
  }
}
