package io.adapt4j.serve.internal.answer;

import io.adapt4j.core.generate.CancellationToken;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Computes the inputs of concurrently waiting requests together, such as texts to embed or pairs to
 * score. A request with many inputs takes another turn after some of them. Thread-safe.
 */
public final class JoinedInputs<T, R> {

  /** Enough to sort inputs by length; the model forms batches of them. */
  private static final int MOST_INPUTS = 256;

  private final Function<List<T>, List<R>> model;
  private final Queue<Waiting<T, R>> queue = new ArrayDeque<>();
  private final ReentrantLock computing = new ReentrantLock();

  /** Creates the queue of a model, which returns one result an input. */
  public JoinedInputs(Function<List<T>, List<R>> model) {
    this.model = model;
  }

  /** A request, whose results arrive in order. Its state belongs to the computing thread. */
  private static final class Waiting<T, R> {

    private final List<T> inputs;
    private final CancellationToken cancellation;
    private final List<R> results = new ArrayList<>();
    private @Nullable RuntimeException failure;

    Waiting(List<T> inputs, CancellationToken cancellation) {
      this.inputs = inputs;
      this.cancellation = cancellation;
    }

    boolean isDone() {
      return results.size() == inputs.size() || failure != null || cancellation.isCancelled();
    }

    List<T> next(int most) {
      return inputs.subList(results.size(), Math.min(inputs.size(), results.size() + most));
    }
  }

  /** Computes one or more inputs. Throws a CancellationException if nobody waits any more. */
  public List<R> compute(List<T> inputs, CancellationToken cancellation) {
    Waiting<T, R> mine = new Waiting<>(inputs, cancellation);
    synchronized (queue) {
      queue.add(mine);
    }
    // The thread with the lock computes for all waiting ones, perhaps including this request.
    computing.lock();
    try {
      while (!mine.isDone()) {
        computeRound();
      }
    } finally {
      computing.unlock();
    }
    if (mine.failure != null) {
      throw mine.failure;
    }
    if (mine.results.size() < inputs.size()) {
      throw new CancellationException();
    }
    return mine.results;
  }

  private void computeRound() {
    List<Waiting<T, R>> round = new ArrayList<>();
    List<T> inputs = new ArrayList<>();
    while (inputs.size() < MOST_INPUTS) {
      Waiting<T, R> next = poll();
      if (next == null) {
        break;
      }
      if (!next.isDone()) {
        round.add(next);
        inputs.addAll(next.next(MOST_INPUTS - inputs.size()));
      }
    }
    compute(round, inputs);
    synchronized (queue) {
      round.stream().filter(request -> !request.isDone()).forEach(queue::add);
    }
  }

  private @Nullable Waiting<T, R> poll() {
    synchronized (queue) {
      return queue.poll();
    }
  }

  private void compute(List<Waiting<T, R>> round, List<T> inputs) {
    if (round.isEmpty()) {
      return;
    }
    try {
      List<R> results = model.apply(inputs);
      int begin = 0;
      int left = MOST_INPUTS;
      for (Waiting<T, R> request : round) {
        int count = request.next(left).size();
        request.results.addAll(results.subList(begin, begin + count));
        begin += count;
        left -= count;
      }
    } catch (RuntimeException e) {
      if (round.size() == 1) {
        round.get(0).failure = e;
        return;
      }
      // A failure of one request must not affect the others.
      for (Waiting<T, R> request : round) {
        compute(List.of(request), List.copyOf(request.next(MOST_INPUTS)));
      }
    }
  }
}
