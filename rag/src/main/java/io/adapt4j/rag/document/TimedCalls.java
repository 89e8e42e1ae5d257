package io.adapt4j.rag.document;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Runs one call at a time in another thread and abandons the thread if the call takes too long:
 * Java cannot stop a thread that ignores interruption.
 */
final class TimedCalls implements AutoCloseable {

  /** Maximum number of abandoned calls, beyond which no call starts until one of them ends. */
  private static final int MOST_LEFT = 8;

  private static final int DEEPEST = 20;
  private static final int LONGEST = 200;

  private final List<CompletableFuture<Void>> left = new ArrayList<>();
  private @Nullable ExecutorService worker;

  <T> T call(Callable<T> callable, Duration time) throws Unreadable, InterruptedException {
    return call(callable, time, "Raise the limit by limits(), or convert the file to text");
  }

  /** Runs a call, with the remedy for one that takes too long. */
  <T> T call(Callable<T> callable, Duration time, String remedy)
      throws Unreadable, InterruptedException {
    left.removeIf(TimedCalls::hasEnded);
    if (left.size() >= MOST_LEFT) {
      throw Unreadable.failed(
          "was not tried: the reading of "
              + MOST_LEFT
              + " earlier files continues after their time ran out",
          "Leave those files out, which the report lists, and read again");
    }
    if (worker == null) {
      worker = Executors.newSingleThreadExecutor(TimedCalls::thread);
    }
    Call<T> call = new Call<>(callable);
    Future<T> future = worker.submit(call);
    try {
      return future.get(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      future.cancel(true);
      left.add(call.end);
      close();
      throw Unreadable.failed("took longer than " + time.toMillis() / 1000.0 + " s", remedy);
    } catch (ExecutionException e) {
      throw failure(Objects.requireNonNull(e.getCause()));
    }
  }

  private static boolean hasEnded(CompletableFuture<Void> end) {
    return end.isDone();
  }

  private static Unreadable failure(Throwable cause) {
    if (cause instanceof Unreadable why) {
      return why;
    }
    if (cause instanceof OutOfMemoryError) {
      return Unreadable.failed(
          "needs more memory than there is", "Raise -Xmx, or convert the file to text");
    }
    if (cause instanceof StackOverflowError) {
      return Unreadable.failed("is nested too deep", "Convert the file to text");
    }
    return Unreadable.failed(
        "is damaged or not of the format it seems (" + root(cause) + ")",
        "Open it in its own program and save it again");
  }

  /** Describes the root cause, which says more than the exceptions parsers wrap it in. */
  private static String root(Throwable thrown) {
    Throwable root = thrown;
    for (int i = 0; i < DEEPEST && root.getCause() != null; i++) {
      root = root.getCause();
    }
    String text = root.toString();
    return text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "adapt4j-reading");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void close() {
    if (worker != null) {
      worker.shutdown();
      worker = null;
    }
  }

  /** A call that reports when it has actually ended; a canceled future reports so at once. */
  private static final class Call<T> implements Callable<T> {
    private final Callable<T> callable;
    private final CompletableFuture<Void> end = new CompletableFuture<>();

    Call(Callable<T> callable) {
      this.callable = callable;
    }

    @Override
    public T call() throws Exception {
      try {
        return callable.call();
      } finally {
        end.complete(null);
      }
    }
  }
}
