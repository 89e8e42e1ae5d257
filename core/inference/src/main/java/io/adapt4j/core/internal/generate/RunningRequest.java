package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * State of a request being answered: the tokens processed, the tokens to process next, and the
 * choice of new ones. Not thread safe.
 *
 * <p>With prompt lookup, guesses are processed together with the token before them. The model then
 * chooses after each of them as without a guess: from the same logits, with the same random
 * numbers. Guesses are accepted as long as the model chooses them, so the tokens equal those of
 * plain generation, up to rounding.
 */
final class RunningRequest {

  /** Scores of one forward pass. */
  interface Scores {

    /** Returns the most likely token after an output, or -1 if a logit is not finite. */
    int likeliest(int output);

    /** Returns the logits after an output, in an array that the next call may overwrite. */
    float[] logits(int output);
  }

  private static final Logger LOG = LoggerFactory.getLogger(RunningRequest.class);
  private static final int[] NONE = {};

  private final Decoder decoder;
  private final Sequence sequence;
  private final PromptCache.Lease lease;
  private final KvCache cache;
  private final Request request;
  private final PromptLookup lookup;
  private final boolean plainGreedy;

  private int[] guessed = NONE;
  private @Nullable Throwable failure;

  /** Starts a request. */
  RunningRequest(Decoder decoder, Request request, Sequence sequence, PromptCache.Lease lease) {
    this.decoder = decoder;
    this.request = request;
    this.sequence = sequence;
    this.lease = lease;
    this.cache = lease.cache();
    this.lookup = new PromptLookup(request.options().promptLookupTokens());
    this.plainGreedy = sequence.isPlainGreedy();
  }

  KvCache cache() {
    return cache;
  }

  /** Returns the adapter that replaces the active ones for this request, or null. */
  @Nullable AttachedAdapter adapter() {
    return request.adapter();
  }

  /** Returns whether it is one of several requests of a call. */
  boolean isOfGroup() {
    return request.isOfGroup();
  }

  /** Returns the first request of its group; itself without a group. */
  Request group() {
    return request.group();
  }

  /** Returns whether tokens can be chosen by argmax alone. */
  boolean isPlainGreedy() {
    return plainGreedy;
  }

  Sampler sampler() {
    return sequence.sampler();
  }

  /** Returns the reason it failed, or null. */
  @Nullable Throwable failure() {
    return failure;
  }

  void fail(Throwable reason) {
    failure = reason;
  }

  boolean isOver() {
    return failure != null || sequence.isFinished();
  }

  void finishIfCancelled() {
    if (!isOver() && request.isCancelled()) {
      sequence.finish(FinishReason.CANCELLED);
    }
  }

  /** Returns the number of tokens without keys and values; at least 1 until the request is over. */
  int unread() {
    return sequence.length() - held();
  }

  int held() {
    return Math.toIntExact(cache.length());
  }

  /** Returns the tokens to process next. */
  int[] next(int most) {
    int unread = unread();
    guessed = NONE;
    if (unread > most) {
      return sequence.tokens(held(), held() + most);
    }
    if (unread == 1 && most > 1) {
      guessed = guess(most - 1);
    }
    int[] ids = sequence.tokens(held(), sequence.length() + guessed.length);
    System.arraycopy(guessed, 0, ids, unread, guessed.length);
    return ids;
  }

  /**
   * Guesses tokens; none if the longer sequence would change the rotation of earlier tokens, or if
   * layers keep states, which wrong guesses would change irrevocably.
   */
  private int[] guess(int most) {
    if (decoder.keepsStates()) {
      return NONE;
    }
    int room = Math.min(most, sequence.room() - 1);
    int[] found = lookup.guess(sequence.tokens(), sequence.length(), room);
    int length = sequence.length();
    return decoder.rotationChanges(length, length + found.length) ? NONE : sequence.allowed(found);
  }

  /**
   * Returns the number of outputs of a pass over the tokens of {@link #next}.
   *
   * @return the number of outputs, which belong to the last tokens read; 0 while some are unread
   */
  int outputs(int read) {
    return read < unread() ? 0 : 1 + guessed.length;
  }

  /**
   * Accepts the tokens that the model chooses after the outputs of a pass, as long as they match
   * the guess.
   */
  void accept(int first, int outputs, Scores scores) {
    int right = 0;
    for (int i = 0; i < outputs; i++) {
      int id = choose(first + i, scores);
      sequence.accept(id);
      boolean wasRead = i < guessed.length && guessed[i] == id;
      if (!wasRead || sequence.isFinished() || request.isCancelled()) {
        break;
      }
      right++;
    }
    if (guessed.length > 0) {
      lookup.accepted(right);
    }
    cache.truncate(Math.min(cache.length(), sequence.length() - 1L));
    if (decoder.outgrowsCache(held(), held() + 1)) {
      cache.clear();
    } else {
      takeForced();
    }
  }

  /**
   * Takes tokens for which a constraint leaves no choice. They are processed in one pass with the
   * next chosen token, as long as they fit and round as if processed one by one.
   */
  private void takeForced() {
    int length = sequence.length();
    while (!sequence.isFinished() && !request.isCancelled() && unread() < RequestBatch.MOST) {
      int id = sequence.forced();
      if (id < 0 || decoder.rotationChanges(length, sequence.length() + 1)) {
        return;
      }
      sequence.sampler().take(id);
      sequence.accept(id);
    }
  }

  private int choose(int output, Scores scores) {
    int id = plainGreedy ? scores.likeliest(output) : sequence.forced();
    if (id >= 0) {
      if (!plainGreedy) {
        sequence.sampler().take(id);
      }
      return id;
    }
    // If a logit is not finite, the sampler reports which one.
    float[] logits = scores.logits(output);
    return sequence.sampler().next(logits, 0, logits.length);
  }

  /**
   * Returns the keys and values to the cache, for later prompts if the request succeeded, and
   * delivers the answer.
   */
  void close() {
    try (lease) {
      if (failure == null && !request.isAbandoned()) {
        lease.keep(sequence.tokens(0, held()));
      }
    } catch (RuntimeException | Error e) {
      // The answer remains valid even if there is no memory to keep its keys and values.
      LOG.warn("The keys and values of a prompt are not kept: {}", e.toString());
    }
    if (failure == null) {
      request.answer(sequence.result());
    } else {
      request.refuse(failure);
    }
  }
}
