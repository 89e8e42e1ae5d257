package io.adapt4j.core.internal.generate;

import com.google.common.util.concurrent.Uninterruptibles;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationListener;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A request, as seen by the thread that waits for its answer. Text reaches the listener through a
 * queue, on that thread and outside all locks, so that a slow listener blocks nobody else.
 */
final class Request {

  /** Item for the listener: a token's log-probabilities, or a piece of text. */
  private record Piece(String text, @Nullable TokenLogprobs token) {
    boolean isEnd() {
      return text.isEmpty() && token == null;
    }
  }

  /** Marks the end of the pieces; text is never empty. */
  private static final Piece END = new Piece("", null);

  private final int[] prompt;
  private final GenerationOptions options;
  private final Consumer<String> onText;
  private final CancellationToken cancellation;
  private final BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
  private final AdapterSet.@Nullable Lease adapter;
  private final int row;
  private final boolean ofGroup;
  private final long asked = System.nanoTime();
  private Request group = this;

  /** The next request of the same call. */
  private @Nullable Request following;

  private volatile @Nullable Generation result;
  private volatile @Nullable Throwable failure;
  private volatile boolean abandoned;

  Request(
      int[] prompt,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    this(prompt, options, onText, cancellation, null);
  }

  /**
   * Creates a request that runs with an adapter.
   *
   * @param adapter released when the request is over; null for the active adapters
   */
  Request(
      int[] prompt,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation,
      AdapterSet.@Nullable Lease adapter) {
    this(prompt, options, onText, cancellation, adapter, 0, false);
  }

  private Request(
      int[] prompt,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation,
      AdapterSet.@Nullable Lease adapter,
      int row,
      boolean ofGroup) {
    this.prompt = prompt;
    this.options = options;
    this.onText = onText;
    this.cancellation = cancellation;
    this.adapter = adapter;
    this.row = row;
    this.ofGroup = ofGroup;
  }

  /**
   * Creates the requests of a call with several prompts: a group, of which each is followed by the
   * next.
   *
   * @param lease leases the adapter of a request, released when it is over; gives null for the
   *     active adapters
   */
  static List<Request> group(
      List<int[]> prompts,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation,
      Supplier<AdapterSet.@Nullable Lease> lease) {
    List<Request> group = new ArrayList<>();
    try {
      for (int[] prompt : prompts) {
        int row = group.size();
        Request next = new Request(prompt, options, onText, cancellation, lease.get(), row, true);
        if (row > 0) {
          group.get(row - 1).following = next;
          next.group = group.get(0);
        }
        group.add(next);
      }
    } catch (RuntimeException | Error e) {
      group.forEach(Request::letGo);
      throw e;
    }
    return group;
  }

  /**
   * Returns the index of its prompt among those of the call, which its random stream depends on.
   */
  int row() {
    return row;
  }

  boolean isOfGroup() {
    return ofGroup;
  }

  /** Returns the first request of its group; itself without a group. */
  Request group() {
    return group;
  }

  /** Returns the number of tokens in the longest prompt of its group. */
  int longestPrompt() {
    int longest = 0;
    for (Request each = group; each != null; each = each.following) {
      longest = Math.max(longest, each.prompt.length);
    }
    return longest;
  }

  /** Returns the next request of the group. */
  Optional<Request> following() {
    return Optional.ofNullable(following);
  }

  /** Returns whether another request of the group has started before this one. */
  boolean isOfBegunGroup() {
    return row > 0;
  }

  /** Returns the adapter that replaces the active ones for this request, or null. */
  @Nullable AttachedAdapter adapter() {
    return adapter == null ? null : adapter.adapter();
  }

  /** Releases the adapter. */
  void letGo() {
    if (adapter != null) {
      adapter.close();
    }
  }

  int[] prompt() {
    return prompt;
  }

  GenerationOptions options() {
    return options;
  }

  /** Returns whether the rest of the answer is no longer wanted. */
  boolean isCancelled() {
    return abandoned || cancellation.isCancelled();
  }

  /** Returns whether it should have started already; requests of a group may always wait. */
  boolean isLate(long nanos) {
    Duration waited = Duration.ofNanos(nanos - asked);
    return !ofGroup
        && options.scheduling().startWithin().filter(t -> waited.compareTo(t) > 0).isPresent();
  }

  /** Returns whether the listener has failed. */
  boolean isAbandoned() {
    return abandoned;
  }

  /** Queues a piece of the answer; called on the computing thread. */
  void text(String piece) {
    if (onText != RequestScheduler.SILENT) {
      pieces.add(new Piece(piece, null));
    }
  }

  /** Queues a token's log-probabilities, before its text. */
  void token(TokenLogprobs token) {
    if (onText instanceof GenerationListener) {
      pieces.add(new Piece("", token));
    }
  }

  /** Returns whether the request is answered or refused. */
  boolean isOver() {
    return result != null || failure != null;
  }

  void answer(Generation answer) {
    letGo();
    result = answer;
    pieces.add(END);
  }

  void refuse(Throwable reason) {
    letGo();
    failure = reason;
    pieces.add(END);
  }

  /** Returns whether it ended without an answer. */
  boolean isRefused() {
    return failure != null;
  }

  /**
   * Waits for the answers of a group. If a request fails, the others end before the exception is
   * thrown.
   */
  static List<Generation> awaitAll(List<Request> group) {
    List<Generation> answers = new ArrayList<>();
    RuntimeException failure = null;
    for (Request request : group) {
      try {
        answers.add(request.await());
      } catch (RuntimeException e) {
        request.cancellation.cancel();
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return answers;
  }

  /** Passes text to the listener until the answer is complete, while another thread computes. */
  Generation await() {
    return await(() -> false);
  }

  /**
   * Passes text to the listener until the answer is complete.
   *
   * @param compute advances the request on this thread; returns false once another thread does
   */
  Generation await(BooleanSupplier compute) {
    RuntimeException fault = null;
    boolean here = true;
    Piece piece = END;
    do {
      here = here && !isOver() && compute.getAsBoolean();
      for (piece = next(here); piece != null && !piece.isEnd(); piece = next(here)) {
        try {
          if (fault == null) {
            tell(piece);
          }
        } catch (RuntimeException e) {
          fault = e;
          abandoned = true;
        }
      }
    } while (piece == null);
    if (fault != null) {
      throw fault;
    }
    return answer();
  }

  private void tell(Piece piece) {
    if (piece.token() != null && onText instanceof GenerationListener listener) {
      listener.token(piece.token());
    } else {
      onText.accept(piece.text());
    }
  }

  /** Returns the next piece, or null if there is none and this thread computes. */
  private @Nullable Piece next(boolean here) {
    // Keeps waiting when interrupted: the answer being computed belongs to this thread.
    return here ? pieces.poll() : Uninterruptibles.takeUninterruptibly(pieces);
  }

  private Generation answer() {
    Throwable reason = failure;
    if (reason instanceof Error error) {
      throw error;
    }
    if (reason instanceof RuntimeException exception) {
      throw exception;
    }
    return Objects.requireNonNull(result);
  }
}
