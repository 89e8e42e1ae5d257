package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.picture.Pictures;
import io.adapt4j.core.internal.nn.picture.PromptPictures;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * State of a request being answered: the tokens processed, the tokens to process next, the choice
 * of new ones, and its end. Not thread safe.
 *
 * <p>With prompt lookup or a draft model, guesses are processed together with the token before
 * them. The model then chooses after each of them as without a guess: from the same logits, with
 * the same random numbers. Guesses are accepted as long as the model chooses them, so the tokens
 * equal those of plain generation, up to rounding.
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
  private final Request request;
  private final int[] prompt;
  private final GenerationOptions options;
  private final Set<Integer> endIds;
  private final TextOutput text;
  private final @Nullable AnswerConstraint constraint;
  private final int mostTokens;
  private final FinishReason atMost;
  private final Sampler sampler;
  private Guesses guesses;
  private final List<TokenLogprobs> logprobs = new ArrayList<>();
  private final int extra;
  private final Reading reading;
  private final PromptCache.Lease lease;
  private final KvCache cache;

  /** Prompt and new tokens, with room for more. */
  private int[] tokens;

  private int length;
  private int[] guessed = NONE;
  private @Nullable FinishReason finishReason;
  private @Nullable Throwable failure;

  /** Starts a request. */
  RunningRequest(
      Decoder decoder,
      Request request,
      int room,
      Set<Integer> endIds,
      TextOutput text,
      @Nullable AnswerConstraint constraint,
      PromptCache prompts,
      Reading reading) {
    this.decoder = decoder;
    this.request = request;
    this.prompt = request.prompt();
    this.options = request.options();
    this.endIds = endIds;
    this.text = text;
    this.constraint = constraint;
    this.mostTokens = Math.min(options.maxNewTokens(), room);
    this.atMost = room < options.maxNewTokens() ? FinishReason.CONTEXT_LENGTH : FinishReason.LENGTH;
    int[] plain = decoder.pictures().withTokens(prompt);
    this.sampler = new Sampler(options, request.row(), plain, constraint);
    this.guesses =
        new Guesses(options.promptLookupTokens(), new DraftCost(), null, new DraftCost());
    this.tokens = prompt.clone();
    this.length = prompt.length;
    this.extra =
        decoder.rotationChanges(1, Integer.MAX_VALUE) ? request.longestPrompt() - length : 0;
    if (constraint != null && constraint.isComplete()) {
      finish(FinishReason.STOP);
    }
    this.reading = reading;
    this.lease = prompts.lease(prompt, prompt.length + mostTokens - 1, request.adapter(), reading);
    this.cache = lease.cache();
  }

  /**
   * Sets what guesses tokens where the request runs alone, null for nothing, and the measured costs
   * of guesses, which texts of a model share.
   */
  RunningRequest draftedBy(@Nullable Drafter drafter, DraftCost ofDraft, DraftCost ofLookup) {
    // A draft has no rows for pictures.
    Drafter ofTexts = reading.pictures() == PromptPictures.NONE ? drafter : null;
    guesses = new Guesses(options.promptLookupTokens(), ofLookup, ofTexts, ofDraft);
    return this;
  }

  /** Records the time of a pass that it has had alone, with one token and guesses after it. */
  void took(long nanos) {
    guesses.took(guessed.length, nanos);
  }

  /** Returns whether guesses need the hidden states of the tokens it reads. */
  boolean readsStates() {
    return guesses.readsStates();
  }

  /** Receives the hidden states of tokens that were just read. */
  void readStates(int[] ids, Tensor states) {
    guesses.read(tokens, held() - ids.length, ids, states);
  }

  KvCache cache() {
    return cache;
  }

  /**
   * Returns the tokens by which the longest prompt of the call is longer, if the rotation of a
   * token depends on the length: Transformers rotates all rows of a batch by the longest one's.
   */
  int extra() {
    return extra;
  }

  /** Returns whether the rotation of a token changes while the text grows between two lengths. */
  boolean rotationChanges(int from, int to) {
    return decoder.rotationChanges(from + extra, to + extra);
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
    return Sampler.takesLikeliest(options) && constraint == null;
  }

  Sampler sampler() {
    return sampler;
  }

  /** Returns the reason it failed, or null. */
  @Nullable Throwable failure() {
    return failure;
  }

  void fail(Throwable reason) {
    failure = reason;
  }

  boolean isOver() {
    return failure != null || finishReason != null;
  }

  void finishIfCancelled() {
    if (!isOver() && request.isCancelled()) {
      finish(FinishReason.CANCELLED);
    }
  }

  /** Returns the number of tokens without keys and values; at least 1 until the request is over. */
  int unread() {
    return length - held();
  }

  /** Returns whether it has generated a token. */
  boolean hasBegun() {
    return length > prompt.length;
  }

  int held() {
    return Math.toIntExact(cache.length());
  }

  /** Returns how its prompt is divided into passes. */
  Reading reading() {
    return reading;
  }

  /** Returns whether the unread tokens of the prompt reach its next mark. */
  boolean reachesMark() {
    return reading.markAfter(held()) <= prompt.length;
  }

  /** Saves the states of layers where later prompts may continue from. */
  void saveStates() {
    int held = held();
    boolean isEnd = held == prompt.length && !reading.isByMarks();
    if ((isEnd || reading.isMark(held)) && !decoder.rotationChanges(1, Integer.MAX_VALUE)) {
      try {
        lease.saveStates();
      } catch (RuntimeException | Error e) {
        LOG.warn("The states of a prompt are not kept: {}", e.toString());
      }
    }
  }

  /** Returns the tokens to process next. */
  int[] next(int wanted) {
    return next(wanted, false);
  }

  /** Returns the tokens to process next, with guesses of a draft model where it runs alone. */
  int[] next(int wanted, boolean isAlone) {
    int unread = unread();
    int most = reading.passEnd(held(), wanted) - held();
    guessed = NONE;
    if (unread > most) {
      return Arrays.copyOfRange(tokens, held(), held() + most);
    }
    if (unread == 1 && most > 1) {
      guessed = guess(most - 1, isAlone);
      if (guessed.length > 0) {
        decoder.checkpoint(cache);
      }
    }
    int[] ids = Arrays.copyOfRange(tokens, held(), length + guessed.length);
    System.arraycopy(guessed, 0, ids, unread, guessed.length);
    return ids;
  }

  /** Guesses tokens; none if the longer sequence would change the rotation of earlier tokens. */
  private int[] guess(int most, boolean isAlone) {
    int count = Math.min(most, room() - 1);
    Sampler same = isPlainGreedy() ? null : sampler;
    int[] found = Pictures.before(guesses.guess(tokens, length, count, isAlone, same));
    if (rotationChanges(length, length + found.length)) {
      return NONE;
    }
    return constraint == null ? found : constraint.allowed(found);
  }

  /**
   * Returns the number of outputs of a pass over the tokens of {@link #next}: the number of
   * outputs, which belong to the last tokens read; 0 while some are unread.
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
      accept(id);
      boolean wasRead = i < guessed.length && guessed[i] == id;
      if (!wasRead || finishReason != null || request.isCancelled()) {
        break;
      }
      right++;
    }
    if (guessed.length > 0) {
      guesses.accepted(guessed.length, right);
    }
    // Layers with states go back to before the guess. The next pass reads the right ones again.
    cache.rollBack(Math.min(cache.length(), length - 1L));
    if (decoder.outgrowsCache(held() + extra, held() + extra + 1)) {
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
    int before = length;
    while (finishReason == null && !request.isCancelled() && unread() < RequestBatch.MOST) {
      int id = forced();
      if (id < 0 || rotationChanges(before, length + 1)) {
        return;
      }
      sampler.take(id);
      accept(id);
    }
  }

  /**
   * Returns the only token that may come next; -1 if there is a choice or if log-probabilities are
   * wanted.
   */
  private int forced() {
    return constraint == null || options.logprobs().isPresent() ? -1 : constraint.forced();
  }

  /** Returns the number of tokens that may still be generated. */
  private int room() {
    return prompt.length + mostTokens - length;
  }

  /** Appends the next token. */
  private void accept(int id) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, length + Math.max(64, length / 2));
    }
    tokens[length++] = id;
    sampler.logprobs().ifPresent(this::tell);
    if (!options.ignoreEos() && endIds.contains(id)) {
      finish(FinishReason.EOS);
    } else if (options.stopIds().contains(id)) {
      finish(FinishReason.STOP_ID);
    } else {
      text.push(id);
      if (constraint != null) {
        constraint.accept(id);
      }
      if (text.isStopped()) {
        finish(FinishReason.STOP_STRING);
      } else if (constraint != null && constraint.isComplete()) {
        finish(FinishReason.STOP);
      } else if (room() == 0) {
        finish(atMost);
      }
    }
  }

  private void tell(TokenLogprobs token) {
    logprobs.add(token);
    request.token(token);
  }

  /** Ends the answer; text held back may still complete a stop string. */
  private void finish(FinishReason reason) {
    text.finish();
    finishReason = text.isStopped() ? FinishReason.STOP_STRING : reason;
  }

  private int choose(int output, Scores scores) {
    boolean plainGreedy = isPlainGreedy();
    int id = plainGreedy ? scores.likeliest(output) : forced();
    if (id >= 0) {
      if (!plainGreedy) {
        sampler.take(id);
      }
      return id;
    }
    // If a logit is not finite, the sampler reports which one.
    float[] logits = scores.logits(output);
    return sampler.next(logits, 0, logits.length);
  }

  /**
   * Returns the keys and values to the cache, for later prompts if the request succeeded, and
   * delivers the answer.
   */
  void close() {
    try (lease;
        PromptPictures released = reading.pictures()) {
      if (failure == null && !request.isAbandoned()) {
        cache.dropCheckpoint();
        lease.keep(Arrays.copyOf(tokens, held()));
      }
    } catch (RuntimeException | Error e) {
      // The answer remains valid even if there is no memory to keep its keys and values.
      LOG.warn("The keys and values of a prompt are not kept: {}", e.toString());
    }
    if (failure == null) {
      request.answer(result());
    } else {
      request.refuse(failure);
    }
  }

  private Generation result() {
    return new Generation(
        text.text(),
        Arrays.stream(tokens, prompt.length, length).boxed().toList(),
        Objects.requireNonNull(finishReason),
        prompt.length,
        logprobs,
        lease.reused());
  }
}
