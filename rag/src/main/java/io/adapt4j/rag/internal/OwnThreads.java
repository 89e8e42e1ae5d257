package io.adapt4j.rag.internal;

import com.google.common.base.Throwables;
import com.google.common.util.concurrent.Uninterruptibles;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Runs work on threads that are never interrupted. An interrupt closes a file channel and aborts
 * waiting for a pooled connection; resources shared by threads must not depend on interrupts of one
 * of them.
 */
public final class OwnThreads {

  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new OwnThread(task);
            thread.setDaemon(true);
            thread.setContextClassLoader(OwnThreads.class.getClassLoader());
            return thread;
          });

  private static final class OwnThread extends Thread {
    OwnThread(Runnable task) {
      super(task, "adapt4j-index");
    }
  }

  private OwnThreads() {}

  /**
   * Runs work and waits for it. Interrupting the caller stops neither the work nor the wait; the
   * interrupt flag is set afterwards.
   */
  public static <T, E extends Exception> T call(Work<T, E> work) throws E {
    if (Thread.currentThread() instanceof OwnThread) {
      return work.run();
    }
    Future<T> future = THREADS.submit(work::run);
    try {
      return Uninterruptibles.getUninterruptibly(future);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      Throwables.throwIfUnchecked(cause);
      @SuppressWarnings("unchecked") // Besides unchecked exceptions, the work throws only these.
      E declared = (E) cause;
      throw declared;
    }
  }

  /** Work with a result. */
  @FunctionalInterface
  public interface Work<T, E extends Exception> {

    T run() throws E;
  }
}
