package io.adapt4j.core;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** Lets one thread at a time use a model, until it is closed. */
final class SingleUse {

  private final String name;
  private final Runnable free;
  private final ReentrantLock lock = new ReentrantLock();
  private boolean closed;

  /**
   * Guards a model.
   *
   * @param name what errors call it
   * @param free frees its memory; run once
   */
  SingleUse(String name, Runnable free) {
    this.name = name;
    this.free = free;
  }

  <T> T call(Supplier<T> action) {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("This " + name + " has been closed");
      }
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  void run(Runnable action) {
    call(
        () -> {
          action.run();
          return null;
        });
  }

  /**
   * Waits for a call in progress; closing twice is harmless.
   *
   * @throws IllegalStateException if called from inside such a call
   */
  void close() {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException(
          "A "
              + name
              + " cannot be closed from its own callback; cancel the call and close the model when"
              + " it has returned");
    }
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        free.run();
      }
    } finally {
      lock.unlock();
    }
  }
}
