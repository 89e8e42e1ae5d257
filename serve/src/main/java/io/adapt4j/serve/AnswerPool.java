package io.adapt4j.serve;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.generate.RequestScheduler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Computes answers on threads of its own, so that the thread that handles a request notices while
 * it waits that the client has left, or that the time is up. The threads spend their time waiting
 * for the model; each hands over the pieces of its answer itself. Thread safe.
 */
final class AnswerPool implements AutoCloseable {

  /** Computes an answer. */
  interface Job<T> {
    T run(Consumer<String> onText, CancellationToken cancellation);
  }

  /** Takes the pieces of answers, one at a time, on the threads that compute them. */
  interface Pieces {
    void take(int choice, Piece piece) throws IOException;
  }

  /**
   * How an answer ended: well or badly.
   *
   * @param choice which answer
   * @param rest of an answer that ended well, the tokens after its text
   */
  record End<T>(
      int choice, List<TokenLogprobs> rest, @Nullable T answer, @Nullable Throwable failure) {

    private static <T> End<T> failed(int choice, Throwable failure) {
      return new End<>(choice, List.of(), null, failure);
    }
  }

  private final Semaphore free;
  private final int most;
  private final ExecutorService threads;
  private final Set<Running<?>> all = ConcurrentHashMap.newKeySet();
  private volatile boolean closing;

  AnswerPool(int most) {
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

  /** How many answers are computed or wait. */
  int running() {
    return most - free.availablePermits();
  }

  /**
   * Begins to compute.
   *
   * @param pieces what takes the pieces; null if none are wanted, so that nobody is woken by them
   */
  <T> Running<T> start(List<Job<T>> jobs, @Nullable Pieces pieces) {
    if (jobs.size() > most) {
      throw Fault.invalid(
          400,
          "n",
          "invalid_value",
          "The request asks for %d answers, but this server computes at most %d at the same time."
              .formatted(jobs.size(), most));
    }
    if (!free.tryAcquire(jobs.size())) {
      throw Fault.busy("The server has as many requests as it takes. Ask again later.");
    }
    Running<T> running = new Running<>(jobs.size(), pieces);
    all.add(running);
    if (closing) {
      running.close();
    }
    for (int i = 0; i < jobs.size(); i++) {
      int choice = i;
      execute(running, choice, () -> run(running, choice, jobs.get(choice)));
    }
    return running;
  }

  /** What no thread can be had for has failed, as if it had begun. */
  private <T> void execute(Running<T> running, int choice, Runnable job) {
    try {
      threads.execute(job);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      free.release();
      running.ends.add(End.failed(choice, e));
    }
  }

  private <T> void run(Running<T> running, int choice, Job<T> job) {
    End<T> end;
    try {
      PieceListener pieces = new PieceListener(piece -> running.take(choice, piece));
      T answer =
          job.run(running.pieces == null ? RequestScheduler.SILENT : pieces, running.cancellation);
      end = new End<>(choice, pieces.rest(), answer, null);
    } catch (RuntimeException | Error e) {
      end = End.failed(choice, e);
    } finally {
      free.release();
    }
    running.ends.add(end);
  }

  /** Ends all answers as soon as can be, and all that begin from now on. */
  void cancelAll() {
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

  /**
   * The answers of a request. Closing cancels those that are not at their end; no piece is handed
   * over after it.
   */
  final class Running<T> implements AutoCloseable {

    private final CancellationToken cancellation = new CancellationToken();
    private final LinkedBlockingQueue<End<T>> ends = new LinkedBlockingQueue<>();
    private final ReentrantLock writing = new ReentrantLock();
    private final @Nullable Pieces pieces;
    private int open;
    private volatile @Nullable Thread writer;
    private volatile @Nullable IOException failure;
    private volatile boolean closed;
    private volatile long lastWrite = System.nanoTime();

    private Running(int answers, @Nullable Pieces pieces) {
      this.open = answers;
      this.pieces = pieces;
    }

    /** Whether an answer is still to come. */
    boolean isOpen() {
      return open > 0;
    }

    /** Ends the answers after what they have so far. */
    void cancel() {
      cancellation.cancel();
    }

    /**
     * Waits for the next answer to end.
     *
     * @return null if none did
     */
    @Nullable End<T> next(long millis) throws InterruptedException {
      End<T> end = ends.poll(millis, TimeUnit.MILLISECONDS);
      if (end != null) {
        open--;
      }
      return end;
    }

    /** The time since the last piece, the last call of {@link #wrote}, or the beginning. */
    long silentMillis() {
      return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastWrite);
    }

    /** Notes that something has been written. */
    void wrote() {
      lastWrite = System.nanoTime();
    }

    /** Why a piece could not be handed over, which has ended its answer. */
    Optional<IOException> failure() {
      return Optional.ofNullable(failure);
    }

    private void take(int choice, Piece piece) {
      writing.lock();
      try {
        writer = Thread.currentThread();
        if (!closed) {
          Objects.requireNonNull(pieces).take(choice, piece);
          wrote();
        }
      } catch (IOException e) {
        failure = e;
        cancellation.cancel();
        throw new UncheckedIOException(e);
      } finally {
        writer = null;
        writing.unlock();
      }
    }

    /** Keeps pieces from being handed over until {@link #release}. */
    void hold() throws InterruptedException {
      writing.lockInterruptibly();
    }

    void release() {
      writing.unlock();
    }

    /** A thread whose client does not read is interrupted if this one is. */
    @Override
    public void close() {
      closed = true;
      cancellation.cancel();
      all.remove(this);
      try {
        hold();
        release();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        Thread blocked = writer;
        if (blocked != null) {
          blocked.interrupt();
        }
      }
    }
  }
}
