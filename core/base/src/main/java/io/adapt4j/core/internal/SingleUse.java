package io.adapt4j.core.internal;

import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Lock and lifetime of a model that one thread uses at a time until it is closed; threads that
 * share it coordinate among themselves.
 */
public final class SingleUse {

  private final String name;
  private final Runnable free;
  private final Runnable closing;

  /** Fair, so that a thread that repeatedly takes it cannot starve others. */
  private final ReentrantLock lock = new ReentrantLock(true);

  /** Held for reading while the model is shared, for writing while it is closed. */
  private final ReentrantReadWriteLock life = new ReentrantReadWriteLock();

  private volatile boolean ending;
  private boolean closed;

  /** Guards a model. Errors call it by the name; free releases its memory and runs once. */
  public SingleUse(String name, Runnable free) {
    this(name, () -> {}, free);
  }

  /**
   * Guards a model that threads share. Closing runs before those that share it are waited for; free
   * releases its memory and runs once.
   */
  public SingleUse(String name, Runnable closing, Runnable free) {
    this.name = name;
    this.closing = closing;
    this.free = free;
  }

  /** The lock that {@link #call} holds. */
  public ReentrantLock lock() {
    return lock;
  }

  /** Runs an action that takes the lock itself where needed; the model stays open. */
  public <T> T share(Supplier<T> action) {
    if (lock.isHeldByCurrentThread()) {
      return call(action);
    }
    if (ending) {
      throw closed();
    }
    life.readLock().lock();
    try {
      if (closed) {
        throw closed();
      }
      return action.get();
    } finally {
      life.readLock().unlock();
    }
  }

  private IllegalStateException closed() {
    return new IllegalStateException("This " + name + " has been closed");
  }

  public <T> T call(Supplier<T> action) {
    lock.lock();
    try {
      if (closed) {
        throw closed();
      }
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  public void run(Runnable action) {
    call(
        () -> {
          action.run();
          return null;
        });
  }

  /** Waits for a call in progress; closing twice is harmless. */
  public void close() {
    if (lock.isHeldByCurrentThread() || life.getReadHoldCount() > 0) {
      throw new IllegalStateException(
          "A "
              + name
              + " cannot be closed from its own callback; cancel the call and close the model when"
              + " it has returned");
    }
    ending = true;
    closing.run();
    life.writeLock().lock();
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        free.run();
      }
    } finally {
      lock.unlock();
      life.writeLock().unlock();
    }
  }
}
