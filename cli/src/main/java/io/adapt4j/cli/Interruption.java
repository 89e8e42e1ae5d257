package io.adapt4j.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Lets a run end in order when the JVM is told to end (Ctrl-C, SIGTERM): asks it to stop, and holds
 * the JVM until it has saved.
 */
final class Interruption implements AutoCloseable {

  private final CountDownLatch saved = new CountDownLatch(1);
  private final Thread hook;
  private volatile boolean happened;

  /**
   * Begins to watch.
   *
   * @param stop asks the run to stop; called on another thread
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

  /** Whether the JVM is ending. */
  boolean happened() {
    return happened;
  }

  /** Ends the watch: the run is over, and what it did is saved. */
  @Override
  public void close() {
    saved.countDown();
    if (!happened) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The JVM began to end just now; the hook finds nothing to wait for.
      }
    }
  }
}
