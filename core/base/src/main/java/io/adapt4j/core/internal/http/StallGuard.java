package io.adapt4j.core.internal.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Closes streams on which nothing arrives for too long, which an HTTP client's own timeout does not
 * cover, and fails those that are too slow. Closing the guard closes all its streams.
 */
public final class StallGuard implements AutoCloseable {

  private final Duration timeout;
  private final long minBytesPerSecond;
  private final Set<Guarded> streams = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService watch;
  private volatile boolean closed;

  public StallGuard(Duration timeout) {
    this(timeout, 0);
  }

  /** Starts a guard that also fails streams that are too slow. */
  public StallGuard(Duration timeout, long minBytesPerSecond) {
    this.timeout = timeout;
    this.minBytesPerSecond = minBytesPerSecond;
    this.watch =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "stall-guard");
              thread.setDaemon(true);
              return thread;
            });
    long period = Math.max(10, timeout.toMillis() / 4);
    // The future is not needed: the service is shut down as a whole.
    var unused =
        watch.scheduleWithFixedDelay(this::closeStalled, period, period, TimeUnit.MILLISECONDS);
  }

  /** Watches a stream until it is closed. */
  public InputStream guard(InputStream stream) throws IOException {
    Guarded guarded = new Guarded(stream);
    streams.add(guarded);
    if (closed) {
      guarded.close();
      throw new IOException("reading was cancelled");
    }
    return guarded;
  }

  /** {@return whether the guard is closed} */
  public boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    watch.shutdownNow();
    streams.forEach(Guarded::closeQuietly);
  }

  private void closeStalled() {
    for (Guarded stream : streams) {
      long since = stream.waitingSince;
      if (since != 0 && System.nanoTime() - since > timeout.toNanos()) {
        stream.stalled = true;
        stream.closeQuietly();
      }
    }
  }

  /** A stream that records when its current read began. */
  private final class Guarded extends FilterInputStream {

    /** Start of the current read; 0 while there is none. */
    private volatile long waitingSince;

    private volatile boolean stalled;

    private long waitedNanos;
    private long arrived;

    private Guarded(InputStream stream) {
      super(stream);
    }

    @Override
    public int read() throws IOException {
      byte[] value = new byte[1];
      int count = read(value, 0, 1);
      return count < 0 ? count : value[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      long start = System.nanoTime();
      waitingSince = start | 1;
      try {
        int count = in.read(buffer, offset, length);
        if (count < 0 && stalled) {
          throw new IOException("closed");
        }
        if (count > 0) {
          requireProgress(System.nanoTime() - start, count);
        }
        return count;
      } catch (IOException e) {
        if (stalled) {
          throw new IOException("nothing arrived for " + timeout.toMillis() / 1000.0 + " s", e);
        }
        throw e;
      } finally {
        waitingSince = 0;
      }
    }

    private void requireProgress(long waited, int count) throws IOException {
      waitedNanos += waited;
      arrived += count;
      if (waitedNanos < timeout.toNanos()) {
        return;
      }
      double seconds = waitedNanos / 1e9;
      if (arrived < minBytesPerSecond * seconds) {
        throw new IOException(
            String.format(
                Locale.ROOT,
                "only %,d bytes arrived in %.1f s (at least %,d a second are expected)",
                arrived,
                seconds,
                minBytesPerSecond));
      }
      waitedNanos = 0;
      arrived = 0;
    }

    @Override
    public void close() throws IOException {
      streams.remove(this);
      super.close();
    }

    private void closeQuietly() {
      try {
        close();
      } catch (IOException e) {
        // The reader's own read reports it.
      }
    }
  }
}
