package io.adapt4j.serve.internal.embedding;

import io.adapt4j.core.generate.CancellationToken;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Embeds the texts of concurrently waiting requests together. A request with many texts takes
 * another turn after some of them. Thread-safe.
 */
final class JoinedEmbeddings {

  /** Embeds texts. */
  interface Embedder {
    List<float[]> embed(List<String> texts);
  }

  /** Enough to sort texts by length; the embedder forms batches of them. */
  private static final int MOST_TEXTS = 256;

  private final Embedder embedder;
  private final Queue<Waiting> queue = new ArrayDeque<>();
  private final ReentrantLock computing = new ReentrantLock();

  JoinedEmbeddings(Embedder embedder) {
    this.embedder = embedder;
  }

  /** A request, whose vectors arrive in order. Its state belongs to the computing thread. */
  private static final class Waiting {

    private final List<String> texts;
    private final CancellationToken cancellation;
    private final List<float[]> vectors = new ArrayList<>();
    private @Nullable RuntimeException failure;

    Waiting(List<String> texts, CancellationToken cancellation) {
      this.texts = texts;
      this.cancellation = cancellation;
    }

    boolean isDone() {
      return vectors.size() == texts.size() || failure != null || cancellation.isCancelled();
    }

    List<String> next(int most) {
      return texts.subList(vectors.size(), Math.min(texts.size(), vectors.size() + most));
    }
  }

  /** Embeds one or more texts. Throws a CancellationException if nobody waits for them any more. */
  List<float[]> embed(List<String> texts, CancellationToken cancellation) {
    Waiting mine = new Waiting(texts, cancellation);
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
    if (mine.vectors.size() < texts.size()) {
      throw new CancellationException();
    }
    return mine.vectors;
  }

  private void computeRound() {
    List<Waiting> round = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    while (texts.size() < MOST_TEXTS) {
      Waiting next = poll();
      if (next == null) {
        break;
      }
      if (!next.isDone()) {
        round.add(next);
        texts.addAll(next.next(MOST_TEXTS - texts.size()));
      }
    }
    compute(round, texts);
    synchronized (queue) {
      round.stream().filter(request -> !request.isDone()).forEach(queue::add);
    }
  }

  private @Nullable Waiting poll() {
    synchronized (queue) {
      return queue.poll();
    }
  }

  private void compute(List<Waiting> round, List<String> texts) {
    if (round.isEmpty()) {
      return;
    }
    try {
      List<float[]> vectors = embedder.embed(texts);
      int begin = 0;
      int left = MOST_TEXTS;
      for (Waiting request : round) {
        int count = request.next(left).size();
        request.vectors.addAll(vectors.subList(begin, begin + count));
        begin += count;
        left -= count;
      }
    } catch (RuntimeException e) {
      if (round.size() == 1) {
        round.get(0).failure = e;
        return;
      }
      // A failure of one request must not affect the others.
      for (Waiting request : round) {
        compute(List.of(request), List.copyOf(request.next(MOST_TEXTS)));
      }
    }
  }
}
