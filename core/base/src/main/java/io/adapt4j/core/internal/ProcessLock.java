package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Exclusive lock between processes on one machine, backed by a file that exists only while the lock
 * is held. It ends with the process: the file that a killed process leaves is taken over.
 *
 * <p>Two pitfalls of file locks are handled here:
 *
 * <ul>
 *   <li>A process that opened the file just before its holder deleted it locks a file without a
 *       name, while a third process may lock a new file of that name. So after locking, the name is
 *       checked to still refer to the locked file. The check compares sizes, which only the holder
 *       sets; reopening the file would release the lock.
 *   <li>On POSIX systems, closing any channel of a file releases all locks that the process has on
 *       it. So a file that this process has locked is never opened twice: a set of held locks is
 *       checked first.
 * </ul>
 */
public final class ProcessLock implements AutoCloseable {

  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();
  private static final int ATTEMPTS = 1000;
  private static final int REFUSED = 100;
  private static final int CHECKS = 3;
  private static final int MOST_BYTES = 4096;

  private final Path file;
  private final FileChannel channel;
  private final long size;

  private ProcessLock(Path file, FileChannel channel, long size) {
    this.file = file;
    this.channel = channel;
    this.size = size;
  }

  /** Acquires a lock unless it is held. */
  public static Optional<ProcessLock> tryTake(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Disk.createFolders(folder);
    Path key = folder.toRealPath().resolve(file.getFileName());
    if (!HELD.add(key)) {
      return Optional.empty();
    }
    Optional<ProcessLock> lock = Optional.empty();
    try {
      lock = lock(key);
      return lock;
    } finally {
      if (lock.isEmpty()) {
        HELD.remove(key);
      }
    }
  }

  private static Optional<ProcessLock> lock(Path file) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      FileChannel channel;
      try {
        channel = NoLinks.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      } catch (AccessDeniedException e) {
        // Windows refuses a file that its holder has deleted and not closed yet.
        if (attempt == REFUSED || !Files.isWritable(file.getParent())) {
          throw e;
        }
        LockSupport.parkNanos(1_000_000);
        continue;
      }
      ProcessLock lock = null;
      try {
        if (channel.tryLock() == null) {
          return Optional.empty();
        }
        if (isAt(file, channel)) {
          lock = new ProcessLock(file, channel, identify(channel));
          return Optional.of(lock);
        }
      } catch (OverlappingFileLockException e) {
        return Optional.empty();
      } finally {
        if (lock == null) {
          channel.close();
        }
      }
    }
    throw new IOException(file + " cannot be locked: it is replaced all the time");
  }

  /** Returns whether a name refers to the file of a locked channel, judging by its size. */
  private static boolean isAt(Path file, FileChannel channel) throws IOException {
    for (int i = 0; i < CHECKS; i++) {
      int size = ThreadLocalRandom.current().nextInt(1, MOST_BYTES);
      channel.truncate(0);
      channel.write(ByteBuffer.allocate(1), size - 1);
      try {
        if (Files.size(file) != size) {
          return false;
        }
      } catch (NoSuchFileException e) {
        return false;
      }
    }
    return true;
  }

  /**
   * Writes the process id into the file for human readers and gives the file a distinctive size.
   */
  private static long identify(FileChannel channel) throws IOException {
    byte[] content = new byte[ThreadLocalRandom.current().nextInt(MOST_BYTES / 2, MOST_BYTES)];
    Arrays.fill(content, (byte) ' ');
    byte[] number = String.valueOf(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8);
    System.arraycopy(number, 0, content, 0, number.length);
    content[content.length - 1] = '\n';
    channel.truncate(0);
    ByteBuffer bytes = ByteBuffer.wrap(content);
    while (bytes.hasRemaining()) {
      channel.write(bytes, bytes.position());
    }
    return content.length;
  }

  /** Deletes the file while the lock is still held, then releases the lock. */
  @Override
  public void close() {
    if (!channel.isOpen()) {
      return;
    }
    try (channel) {
      // A different size: the file was deleted by hand, and this one belongs to another holder.
      if (Files.size(file) == size) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // The lock ends with the process at the latest, and a leftover file is taken over.
    } finally {
      HELD.remove(file);
    }
  }
}
