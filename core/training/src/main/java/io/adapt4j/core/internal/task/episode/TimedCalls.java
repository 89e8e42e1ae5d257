package io.adapt4j.core.internal.task.episode;

import io.adapt4j.core.internal.Threads;
import io.adapt4j.core.train.TrainingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runner of user code under a time limit, on a thread for each call. */
final class TimedCalls {

  /** Maximum number of threads that ignore their interruption. */
  private static final int MOST_STUCK = 16;

  private final List<Thread> stuck = new ArrayList<>();

  /**
   * Runs a call.
   *
   * @throws Exception what it throws, or {@link TimeoutException} with a message
   */
  <T> T run(Callable<T> call, Duration limit) throws Exception {
    stuck.removeIf(thread -> !thread.isAlive());
    if (stuck.size() >= MOST_STUCK) {
      throw new TimeoutException("not run, since " + MOST_STUCK + " earlier calls still run");
    }
    FutureTask<T> task = new FutureTask<>(call);
    Thread thread = Threads.startDaemon(task, "adapt4j-episode");
    try {
      return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      task.cancel(true);
      stuck.add(thread);
      throw new TimeoutException("no result within " + limit.toMillis() + " ms");
    } catch (InterruptedException e) {
      task.cancel(true);
      Thread.currentThread().interrupt();
      throw new TrainingException("Interrupted while an environment was at work", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      // An error such as a failed assertion is a failure of the tool, not of the run.
      throw new IllegalStateException(String.valueOf(e.getCause()), e.getCause());
    }
  }
}
