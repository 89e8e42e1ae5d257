package io.adapt4j.serve.internal.answer;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.serve.internal.http.DaemonThreads;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.version.VersionedModel.Version;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers copies of requests by another version, one at a time, after the requests' own replies.
 * Copies that find the queue full are dropped and counted. Thread-safe.
 */
public final class Shadows implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Shadows.class);

  private static final int WAITING = 16;
  private static final int IDLE_SECONDS = 30;

  /** Result of a copy. */
  private enum Result {
    SAME,
    OTHER,
    FAILED,
    DROPPED
  }

  /** Answers a copy; returns whether the text is that of the reply. */
  public interface Copying {
    boolean answer(Version version, Consumer<String> onText, CancellationToken cancellation);
  }

  private final Limits limits;
  private final CancellationToken closing = new CancellationToken();
  private final Map<String, Long> counts = new TreeMap<>();
  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING),
          DaemonThreads.named("adapt4j-shadow-"));

  public Shadows(Limits limits) {
    this.limits = limits;
    thread.allowCoreThreadTimeOut(true);
  }

  /** Answers a copy later, or drops it. Releases the version afterwards. */
  public void offer(Version version, Copying copy) {
    try {
      thread.execute(() -> answer(version, copy));
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      count(Result.DROPPED);
      version.release().run();
    }
  }

  private void answer(Version version, Copying copy) {
    long end = System.nanoTime() + limits.requestTime().toNanos();
    try {
      Consumer<String> untilLate =
          text -> {
            if (System.nanoTime() - end > 0) {
              throw new IllegalStateException("a copy took longer than a request may");
            }
          };
      boolean same = !closing.isCancelled() && copy.answer(version, untilLate, closing);
      count(closing.isCancelled() ? Result.DROPPED : same ? Result.SAME : Result.OTHER);
    } catch (RuntimeException | Error e) {
      count(Result.FAILED);
      LOG.warn("{} could not answer a copy of a request.", version.name(), e);
    } finally {
      version.release().run();
    }
  }

  private synchronized void count(Result result) {
    counts.merge("result=\"" + result.name().toLowerCase(Locale.ROOT) + "\"", 1L, Long::sum);
  }

  /** Returns the number of copies by result, as labels of a metric. */
  public synchronized Map<String, Long> counts() {
    return new TreeMap<>(counts);
  }

  /** Cancels the copy in progress and drops the others. */
  @Override
  public void close() {
    closing.cancel();
    thread.shutdown();
  }
}
