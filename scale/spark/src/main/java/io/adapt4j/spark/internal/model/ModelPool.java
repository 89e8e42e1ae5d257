package io.adapt4j.spark.internal.model;

import com.google.common.util.concurrent.ThreadFactoryBuilder;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pool of this process's models: each is loaded once, shared by concurrent and subsequent tasks,
 * and closed when idle for a while.
 */
public final class ModelPool {

  private static final Logger LOG = LoggerFactory.getLogger(ModelPool.class);

  private static final ModelPool SHARED = new ModelPool();

  private static final long POLL_MILLIS = 200;

  private final Map<String, Entry<?>> entries = new HashMap<>();
  private final ScheduledThreadPoolExecutor closer = closer();
  private boolean hooked;

  ModelPool() {}

  public static ModelPool shared() {
    return SHARED;
  }

  private static ScheduledThreadPoolExecutor closer() {
    ScheduledThreadPoolExecutor threads =
        new ScheduledThreadPoolExecutor(
            1,
            new ThreadFactoryBuilder()
                .setDaemon(true)
                .setNameFormat("adapt4j-idle-models")
                .build());
    threads.setRemoveOnCancelPolicy(true);
    return threads;
  }

  /** A model that is loaded or being loaded; guarded by the pool. */
  private static final class Entry<T extends AutoCloseable> {
    private final CompletableFuture<T> model = new CompletableFuture<>();
    private int uses;
    private @Nullable ScheduledFuture<?> closing;
  }

  /** The use of a model by a task. */
  public static final class Lease<T extends AutoCloseable> implements AutoCloseable {

    private final T model;
    private final Runnable end;
    private boolean ended;

    private Lease(T model, Runnable end) {
      this.model = model;
      this.end = end;
    }

    /** Returns the model, which the pool closes. */
    public T model() {
      return model;
    }

    /** Ends the use; ending it twice is harmless. */
    @Override
    public synchronized void close() {
      if (!ended) {
        ended = true;
        end.run();
      }
    }
  }

  /**
   * Leases a model. Of several callers that request an unloaded one, one loads it and the others
   * wait.
   */
  public <T extends AutoCloseable> Lease<T> lease(
      String type, ModelSpec spec, Duration idle, TaskStop stop, Supplier<T> load) {
    String key = type + "\n" + spec.key();
    Entry<T> entry;
    boolean mine;
    synchronized (this) {
      hook();
      @SuppressWarnings("unchecked") // the type is part of the key
      Entry<T> found = (Entry<T>) entries.get(key);
      mine = found == null;
      entry = found == null ? new Entry<>() : found;
      entries.put(key, entry);
      entry.uses++;
      if (entry.closing != null) {
        entry.closing.cancel(false);
        entry.closing = null;
      }
    }
    Runnable end = () -> ended(key, entry, idle);
    try {
      return new Lease<>(mine ? loaded(key, entry, load) : awaited(entry, stop), end);
    } catch (RuntimeException | Error e) {
      end.run();
      throw e;
    }
  }

  private <T extends AutoCloseable> T loaded(String key, Entry<T> entry, Supplier<T> load) {
    long start = System.nanoTime();
    try {
      T model = load.get();
      LOG.info(
          "Loaded {} in {} ms",
          key.replace('\n', ' ').strip(),
          (System.nanoTime() - start) / 1_000_000);
      entry.model.complete(model);
      return model;
    } catch (RuntimeException | Error e) {
      synchronized (this) {
        entries.remove(key, entry);
      }
      entry.model.completeExceptionally(e);
      throw e;
    }
  }

  private static <T extends AutoCloseable> T awaited(Entry<T> entry, TaskStop stop) {
    while (true) {
      stop.throwIfStopped();
      try {
        return entry.model.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        // Checks again whether the task continues.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CompletionException(e);
      } catch (ExecutionException e) {
        throw new IllegalStateException(
            "Another task of this executor failed to load the model: " + e.getCause(),
            e.getCause());
      }
    }
  }

  private synchronized void ended(String key, Entry<?> entry, Duration idle) {
    entry.uses--;
    if (entry.uses == 0 && entries.get(key) == entry) {
      entry.closing =
          closer.schedule(() -> closeIfIdle(key, entry), idle.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void closeIfIdle(String key, Entry<?> entry) {
    synchronized (this) {
      if (entry.uses > 0 || !entries.remove(key, entry)) {
        return;
      }
    }
    close(key, entry);
  }

  private static void close(String key, Entry<?> entry) {
    try {
      entry.model.join().close();
      LOG.info("Closed {}, which no task has used for a while", key.replace('\n', ' ').strip());
    } catch (Exception e) {
      LOG.warn("Closing a model failed", e);
    }
  }

  public void closeIdle() {
    Map<String, Entry<?>> idle = new HashMap<>();
    synchronized (this) {
      entries.forEach(
          (key, entry) -> {
            if (entry.uses == 0) {
              idle.put(key, entry);
            }
          });
      entries.keySet().removeAll(idle.keySet());
    }
    idle.forEach(ModelPool::close);
  }

  /** Returns the number of models loaded or being loaded. */
  public synchronized int size() {
    return entries.size();
  }

  private void hook() {
    if (!hooked) {
      hooked = true;
      Runtime.getRuntime().addShutdownHook(new Thread(this::closeIdle, "adapt4j-close-models"));
    }
  }
}
