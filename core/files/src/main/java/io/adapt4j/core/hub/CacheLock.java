package io.adapt4j.core.hub;

import io.adapt4j.core.internal.NoLinks;
import io.adapt4j.core.internal.http.Retries;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lock file of the cache, {@code .locks/models--owner--name/<etag>.lock}, which excludes other
 * threads and Java processes. On Windows it also excludes the Python client; on Unix Python uses
 * another kind of lock ({@code flock}, Java {@code fcntl}), and the two do not interact. The file
 * is not deleted, as in Python: deleting it would race with waiting processes.
 */
record CacheLock(ReentrantLock thread, FileChannel channel) implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CacheLock.class);

  /**
   * Locks between the threads of this process, since a file lock belongs to the whole process.
   * There is one for each file this process ever downloaded, which are few.
   */
  private static final ConcurrentMap<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

  /** Waits for the lock. */
  static CacheLock acquire(Path file) throws IOException {
    Path folder =
        Objects.requireNonNull(file.toAbsolutePath().getParent(), "the lock is in a folder");
    Files.createDirectories(folder);
    Path key = folder.toRealPath().resolve(file.getFileName());
    ReentrantLock thread = THREADS.computeIfAbsent(key, path -> new ReentrantLock());
    try {
      thread.lockInterruptibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Retries.interrupted("the download", e);
    }
    try {
      return new CacheLock(thread, lockedChannel(key));
    } catch (IOException | RuntimeException e) {
      thread.unlock();
      throw e;
    }
  }

  private static FileChannel lockedChannel(Path file) throws IOException {
    FileChannel channel = NoLinks.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      // Released with the channel.
      FileLock unused = channel.lock();
    } catch (FileLockInterruptionException e) {
      channel.close();
      throw e;
    } catch (IOException e) {
      LOG.debug("{} cannot be locked, as on some network file systems", file, e);
    }
    return channel;
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      thread.unlock();
    }
  }
}
