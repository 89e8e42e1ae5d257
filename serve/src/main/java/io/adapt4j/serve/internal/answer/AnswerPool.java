package io.adapt4j.serve.internal.answer;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.internal.generate.RequestScheduler;
import io.adapt4j.serve.internal.http.Fault;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Computes answers on its own threads, so that the thread that writes to a client notices while it
 * waits that the client has disconnected, or that the time is up. The threads spend their time
 * waiting for the model. Thread-safe.
 */
public final class AnswerPool implements AutoCloseable {

  /** Computes an answer. */
  public interface Job<T> {
    T run(Consumer<String> onText, CancellationToken cancellation);
  }

  /** Event of an answer: a piece, completion or failure. */
  record Event<T>(
      int choice, @Nullable Piece piece, @Nullable T answer, @Nullable Throwable failure) {

    boolean isEnd() {
      return answer != null || failure != null;
    }
  }

  private final Semaphore free;
  private final int most;
  private final ExecutorService threads;
  private final Set<Running<?>> all = ConcurrentHashMap.newKeySet();
  private volatile boolean closing;

  public AnswerPool(int most) {
    this.most = most;
    this.free = new Semaphore(most);
    AtomicInteger number = new AtomicInteger();
    this.threads =
        Executors.newCachedThreadPool(
            job -> {
              Thread thread = new Thread(job, "adapt4j-answer-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Number of answers that are computed or waiting. */
  public int running() {
    return most - free.availablePermits();
  }

  /** Number of open requests. */
  int open() {
    return all.size();
  }

  /** Starts computing. Without pieces there are no events for them, so that they wake nobody. */
  <T> Running<T> start(List<Job<T>> jobs, boolean inPieces) {
    requireFew(jobs.size());
    if (!free.tryAcquire(jobs.size())) {
      throw Fault.busy("The server has as many requests as it takes. Ask again later.");
    }
    Running<T> running = new Running<>(jobs.size());
    all.add(running);
    if (closing) {
      running.close();
    }
    for (int i = 0; i < jobs.size(); i++) {
      int choice = i;
      execute(running, choice, () -> run(running, choice, jobs.get(choice), inPieces));
    }
    return running;
  }

  /** Refuses a request for more answers than may be computed at the same time. */
  void requireFew(int answers) {
    if (answers > most) {
      throw Fault.invalid(
          400,
          "n",
          "invalid_value",
          "The request asks for %d answers, but this server computes at most %d at the same time."
              .formatted(answers, most));
    }
  }

  /** Fails a job for which there is no thread, as if it had started. */
  private <T> void execute(Running<T> running, int choice, Runnable job) {
    try {
      threads.execute(job);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      free.release();
      running.events.add(new Event<>(choice, null, null, e));
    }
  }

  private <T> void run(Running<T> running, int choice, Job<T> job, boolean inPieces) {
    Event<T> end;
    try {
      PieceListener pieces =
          new PieceListener(piece -> running.events.add(new Event<>(choice, piece, null, null)));
      T answer = job.run(inPieces ? pieces : RequestScheduler.SILENT, running.cancellation);
      end = new Event<>(choice, new Piece("", pieces.rest()), answer, null);
    } catch (RuntimeException | Error e) {
      end = new Event<>(choice, null, null, e);
    } finally {
      free.release();
    }
    running.events.add(end);
  }

  /** Cancels all answers as soon as possible, including future ones. */
  public void cancelAll() {
    closing = true;
    all.forEach(running -> running.cancellation.cancel());
  }

  boolean isClosing() {
    return closing;
  }

  @Override
  public void close() {
    cancelAll();
    threads.shutdown();
  }

  /** The answers of a request. Closing cancels those that are not complete. */
  final class Running<T> implements AutoCloseable {

    private final CancellationToken cancellation = new CancellationToken();
    private final LinkedBlockingQueue<Event<T>> events = new LinkedBlockingQueue<>();
    private int open;

    private Running(int answers) {
      this.open = answers;
    }

    /** Returns whether an answer is still missing. */
    boolean isOpen() {
      return open > 0;
    }

    /** Cancels the answers, which keep their text so far. */
    void cancel() {
      cancellation.cancel();
    }

    /** Waits for the next event; null if there was none. */
    @Nullable Event<T> next(long millis) throws InterruptedException {
      Event<T> event = events.poll(millis, TimeUnit.MILLISECONDS);
      if (event != null && event.isEnd()) {
        open--;
      }
      return event;
    }

    @Override
    public void close() {
      cancellation.cancel();
      all.remove(this);
    }
  }
}
