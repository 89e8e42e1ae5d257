package io.adapt4j.core.internal.generate;

import com.google.common.util.concurrent.Uninterruptibles;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationListener;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.AttachedAdapter;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request of the thread that waits for its answer. Text reaches the listener through a queue, on
 * that thread and outside all locks, so that a slow one holds nobody up.
 */
final class Request {

  /** What the listener is told next: of a token, or a piece of text. */
  private record Piece(String text, @Nullable TokenLogprobs token) {
    boolean isEnd() {
      return text.isEmpty() && token == null;
    }
  }

  /** Ends the pieces; text is never empty. */
  private static final Piece END = new Piece("", null);

  private final int[] prompt;
  private final GenerationOptions options;
  private final Consumer<String> onText;
  private final CancellationToken cancellation;
  private final BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
  private final AdapterSet.@Nullable Lease adapter;
  private final int row;
  private final @Nullable RequestGroup group;

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
   * A request for an adapter.
   *
   * @param adapter let go of when it is over; null for the adapters that are on
   */
  Request(
      int[] prompt,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation,
      AdapterSet.@Nullable Lease adapter) {
    this(prompt, options, onText, cancellation, adapter, 0, null);
  }

  /**
   * A request of a call for several prompts.
   *
   * @param group what it belongs to; null for a call of its own
   */
  Request(
      int[] prompt,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation,
      AdapterSet.@Nullable Lease adapter,
      int row,
      @Nullable RequestGroup group) {
    this.prompt = prompt;
    this.options = options;
    this.onText = onText;
    this.cancellation = cancellation;
    this.adapter = adapter;
    this.row = row;
    this.group = group;
  }

  int row() {
    return row;
  }

  Optional<RequestGroup> group() {
    return Optional.ofNullable(group);
  }

  /** The adapter that takes part instead of those that are on, or null. */
  @Nullable AttachedAdapter adapter() {
    return adapter == null ? null : adapter.adapter();
  }

  /** Lets the adapter go. */
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

  /** Whether nobody wants the rest. */
  boolean isCancelled() {
    return abandoned || cancellation.isCancelled();
  }

  /** Whether its listener has failed. */
  boolean isAbandoned() {
    return abandoned;
  }

  /** Takes a piece of the answer on the thread that computes. */
  void text(String piece) {
    if (onText != RequestScheduler.SILENT) {
      pieces.add(new Piece(piece, null));
    }
  }

  /** Takes how likely a token was, before its text. */
  void token(TokenLogprobs token) {
    if (onText instanceof GenerationListener) {
      pieces.add(new Piece("", token));
    }
  }

  /** Whether it is answered or refused. */
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

  /** Hands text to the listener while somebody computes. */
  Generation await() {
    return await(() -> false);
  }

  /**
   * Hands text to the listener.
   *
   * @param compute brings the request further on this thread; false where others do
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

  /** The next piece; null where there is none and this thread computes. */
  private @Nullable Piece next(boolean here) {
    // Waits also while interrupted: what is computed belongs to this thread.
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
