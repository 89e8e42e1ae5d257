package io.adapt4j.serve.internal.http;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Permits for slow work before an answer: parsing large bodies, encoding long prompts and compiling
 * schemas. It has at most half of the processors, and a third of their time while answers are
 * generated. Thread-safe.
 */
public final class Turns {

  /** The permits of this process, whose processors all its servers share. */
  public static final Turns OF_PROCESS =
      new Turns(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));

  private static final long POLL_MILLIS = 20;

  /** Length of the pause after a turn, in times of the turn. */
  private static final int PAUSE = 2;

  /** Longest pause after a turn. */
  private static final long LONGEST_PAUSE_NANOS = 1_000_000_000;

  private final Semaphore free;
  private final AtomicInteger answers = new AtomicInteger();

  Turns(int most) {
    this.free = new Semaphore(most, true);
  }

  /** A turn, which ends when it is closed. Closing twice is harmless. */
  public final class Turn implements AutoCloseable {

    private final AtomicBoolean ended = new AtomicBoolean();
    private final long begun;

    private Turn(long spent) {
      this.begun = System.nanoTime() - spent;
    }

    @Override
    public void close() {
      if (ended.getAndSet(true)) {
        return;
      }
      if (answers.get() == 0) {
        free.release();
      } else {
        long pause = Math.min(LONGEST_PAUSE_NANOS, PAUSE * (System.nanoTime() - begun));
        CompletableFuture.delayedExecutor(pause, TimeUnit.NANOSECONDS, Runnable::run)
            .execute(free::release);
      }
    }
  }

  /** An answer in progress, until it is closed. */
  public final class Answer implements AutoCloseable {

    private Answer() {
      answers.incrementAndGet();
    }

    @Override
    public void close() {
      answers.decrementAndGet();
    }
  }

  /**
   * Counts an answer as in progress: while there is one, each turn is followed by a pause twice as
   * long.
   */
  public Answer answering() {
    return new Answer();
  }

  /**
   * Waits for a turn, polling for cancellation. Throws a CancellationException if it is cancelled,
   * or the thread interrupted.
   */
  public Turn take(BooleanSupplier isCancelled) {
    return take(isCancelled, 0);
  }

  /**
   * Waits for a turn that counts as longer by the processor time, in nanoseconds, that its work has
   * spent before.
   */
  Turn take(BooleanSupplier isCancelled, long spent) {
    boolean taken = false;
    while (!taken) {
      if (isCancelled.getAsBoolean()) {
        throw new CancellationException("the request was cancelled");
      }
      try {
        taken = free.tryAcquire(POLL_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("the thread was interrupted");
      }
    }
    return new Turn(spent);
  }
}
