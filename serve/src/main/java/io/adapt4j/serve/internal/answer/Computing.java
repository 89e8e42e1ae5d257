package io.adapt4j.serve.internal.answer;

import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * Computes vectors and scores, with a limit on concurrent requests, each within the request time. A
 * late request is refused while its computation may continue; it counts until then.
 */
public final class Computing {

  /** Interval between checks of the time and of the client. */
  private static final long LOOK_MILLIS = 100;

  private final AnswerPool pool;
  private final Duration time;

  public Computing(AnswerPool pool, Limits limits) {
    this.pool = pool;
    this.time = limits.requestTime();
  }

  /** Runs a computation, which polls for cancellation before it begins. */
  public <T> T compute(Call call, AnswerPool.Job<T> job, String input) throws IOException {
    call.endTurn();
    try (AnswerPool.Running<T> running = pool.start(List.of(job), false)) {
      AnswerPool.Event<T> end = null;
      while (end == null && call.age().compareTo(time) <= 0 && !pool.isClosing()) {
        long left = Math.max(0, time.minus(call.age()).toMillis());
        end = running.next(Math.min(LOOK_MILLIS, left));
        if (end == null) {
          call.requireClient();
        }
      }
      if (pool.isClosing()) {
        throw Fault.closing();
      }
      if (end == null) {
        throw Fault.late(time);
      }
      if (end.failure() != null) {
        throw Answering.fault(end.failure(), input);
      }
      return Objects.requireNonNull(end.answer());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the request took too long");
    }
  }
}
