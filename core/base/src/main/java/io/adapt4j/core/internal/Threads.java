package io.adapt4j.core.internal;

import io.adapt4j.core.exception.EngineException;

/** Factory for the threads that the library starts. */
public final class Threads {

  private Threads() {}

  public static Thread startDaemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    try {
      thread.start();
    } catch (OutOfMemoryError e) {
      throw new EngineException(
          "The thread "
              + name
              + " could not be started: "
              + e.getMessage()
              + ". Allow the process more memory or threads",
          e);
    }
    return thread;
  }
}
