package io.adapt4j.serve.internal.http;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads with numbered names, which do not keep the JVM running. */
public final class DaemonThreads {

  private static final int IDLE_SECONDS = 30;

  private DaemonThreads() {}

  /** Creates a pool that refuses a task without a free thread. */
  public static ExecutorService upTo(int most, String prefix) {
    return new ThreadPoolExecutor(
        0, most, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), named(prefix));
  }

  public static ThreadFactory named(String prefix) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, prefix + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
