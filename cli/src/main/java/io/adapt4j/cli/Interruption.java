package io.adapt4j.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Ends a run gracefully when the JVM is terminated (Ctrl-C, SIGTERM): requests a stop, and delays
 * JVM exit until the run has saved.
 */
final class Interruption implements AutoCloseable {

  private final CountDownLatch saved = new CountDownLatch(1);
  private final Thread hook;
  private volatile boolean happened;

  /**
   * Registers the shutdown hook.
   *
   * @param stop requests the run to stop; called on another thread
   */
  Interruption(Runnable stop) {
    this.hook = new Thread(() -> interrupt(stop), "adapt4j-interruption");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void interrupt(Runnable stop) {
    happened = true;
    stop.run();
    try {
      saved.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns whether the JVM is shutting down. */
  boolean happened() {
    return happened;
  }

  /** Unregisters the hook: the run is over and saved. */
  @Override
  public void close() {
    saved.countDown();
    if (!happened) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The JVM is already shutting down; the hook has nothing to wait for.
      }
    }
  }
}
