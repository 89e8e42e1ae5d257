package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.internal.nn.AttachedAdapter;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.KvCache;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request that is being answered: what it has read, what is to be read next, and how its next
 * tokens are chosen. Not thread safe.
 *
 * <p>With prompt lookup, guesses are read together with the token before them, and the model's own
 * choice after each is made as without a guess: from the same logits, with the same random numbers.
 * Guesses count as far as they are what the model chooses, so that the tokens are those of plain
 * generation, up to rounding.
 */
final class RunningRequest {

  /** The scores of one pass. */
  interface Scores {

    /** The likeliest token after an output, -1 where a logit is not finite. */
    int likeliest(int output);

    /** The logits after an output, in an array that the next call may overwrite. */
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

  /** The adapter that takes part instead of those that are on, or null. */
  @Nullable AttachedAdapter adapter() {
    return request.adapter();
  }

  /** Whether it is one of several of a call. */
  boolean isOfGroup() {
    return request.group().isPresent();
  }

  /** Why it could not be answered, or null. */
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

  /** How many tokens have no keys and values yet; at least 1 until the request is over. */
  int unread() {
    return sequence.length() - held();
  }

  int held() {
    return Math.toIntExact(cache.length());
  }

  /** Says what to read next. */
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
   * Nothing where reading several tokens at once would rotate some of them otherwise, or where
   * layers keep states, which wrong guesses would change for good.
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
   * Returns how many outputs there are after what {@link #next} gave was read.
   *
   * @return the last ones of them; 0 where some are still unread
   */
  int outputs(int read) {
    return read < unread() ? 0 : 1 + guessed.length;
  }

  /** Takes what the model chooses after the outputs of a pass, as long as that is what was read. */
  void accept(int outputs, Scores scores) {
    int right = 0;
    for (int i = 0; i < outputs; i++) {
      int id = choose(i, scores);
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
   * Takes tokens that a constraint leaves no choice about. They are read in one pass with the next
   * one, as far as that has room for them and rounds as if they were read one after the other.
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
    // Where a logit is not finite the sampler finds which, and says so.
    float[] logits = scores.logits(output);
    return sequence.sampler().next(logits, 0, logits.length);
  }

  /** Gives the keys and values back, kept for later prompts if all went well, and says so. */
  void close() {
    try (lease) {
      if (failure == null && !request.isAbandoned()) {
        lease.keep(sequence.tokens(0, held()));
      }
    } catch (RuntimeException | Error e) {
      // The answer stands, also where there is no memory to keep what was read for it.
      LOG.warn("The keys and values of a prompt are not kept: {}", e.toString());
    }
    if (failure == null) {
      request.answer(sequence.result());
    } else {
      request.refuse(failure);
    }
  }
}
