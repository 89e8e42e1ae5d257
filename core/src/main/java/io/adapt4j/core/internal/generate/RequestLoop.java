package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.KvCache;
import io.adapt4j.core.internal.nn.Positions;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.tensor.Logits;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Generates from one prompt: what is not in the cache in one pass, then one token a pass, or, with
 * prompt lookup, a token and those guessed to follow it.
 *
 * <p>A guess is read together with the token before it, and the model's own choice after each of
 * them is made as without a guess: from the same logits, with the same random numbers. Guesses
 * count as far as they are what the model chooses, so that the tokens are those of plain
 * generation, up to rounding.
 */
final class RequestLoop {

  private static final int[] NONE = {};

  private final Decoder decoder;
  private final Sequence sequence;
  private final PromptLookup lookup;
  private final int mostTokens;
  private final boolean plainGreedy;
  private final Ops ops = Ops.inference();

  /** The likeliest tokens after the last ones read; empty where the sampler chooses. */
  private long[] likeliest = {};

  /** The logits after the last ones read: recomputed for each, they would fill the Java heap. */
  private float[] logits = {};

  /** Runs whole steps, or null where they are run operator by operator. */
  private @Nullable DecoderSteps steps;

  private int passes;

  /**
   * Prepares a generation.
   *
   * @param decoder the model
   * @param sequence what to continue
   * @param options how tokens are chosen
   */
  RequestLoop(Decoder decoder, Sequence sequence, GenerationOptions options) {
    this.decoder = decoder;
    this.sequence = sequence;
    this.lookup = new PromptLookup(options.promptLookupTokens());
    this.mostTokens = 1 + options.promptLookupTokens();
    this.plainGreedy = options.isGreedy() && options.repetitionPenalty() == 1;
  }

  /**
   * Runs until the sequence has ended.
   *
   * @param cache holds a beginning of the prompt or nothing; then all but the last token
   */
  void run(KvCache cache, CancellationToken cancellation) {
    try (DecoderSteps prepared = prepared(cache)) {
      steps = prepared;
      loop(cache, cancellation);
    }
  }

  /** Kernels that run whole steps: a token, and those guessed to follow it. */
  private @Nullable DecoderSteps prepared(KvCache cache) {
    return sequence.room() == 1
        ? null
        : StepKernels.prepared(decoder, cache, mostTokens).orElse(null);
  }

  private void loop(KvCache cache, CancellationToken cancellation) {
    while (!sequence.isFinished()) {
      if (cancellation.isCancelled()) {
        sequence.finish(FinishReason.CANCELLED);
        return;
      }
      int held = Math.toIntExact(cache.length());
      int[] unread = sequence.tokens(held, sequence.length());
      int[] guessed = unread.length == 1 ? guess() : NONE;
      read(unread, guessed, cache);
      int before = sequence.length();
      accept(guessed, cancellation);
      if (guessed.length > 0) {
        lookup.accepted(sequence.length() - before - 1);
      }
      cache.truncate(Math.min(cache.length(), sequence.length() - 1L));
      held = Math.toIntExact(cache.length());
      if (decoder.outgrowsCache(held, held + 1)) {
        cache.clear();
      }
    }
  }

  /** How often the network was run. */
  int passes() {
    return passes;
  }

  /** Nothing where reading several tokens at once would rotate some of them otherwise. */
  private int[] guess() {
    int[] guessed = lookup.guess(sequence.tokens(), sequence.length(), sequence.room() - 1);
    int length = sequence.length();
    return decoder.rotationChanges(length, length + guessed.length) ? NONE : guessed;
  }

  private void read(int[] unread, int[] guessed, KvCache cache) {
    long[] input = new long[unread.length + guessed.length];
    for (int i = 0; i < input.length; i++) {
      input[i] = i < unread.length ? unread[i] : guessed[i - unread.length];
    }
    long[] mask = new long[Math.toIntExact(cache.length() + input.length)];
    Arrays.fill(mask, 1);
    int chosen = guessed.length + 1;
    passes++;
    if (steps != null && unread.length == 1) {
      step(input, cache, steps);
      return;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, 1, input.length, cache)) {
      Tensor ids = Tensor.of(input, 1, input.length);
      Tensor hidden = decoder.hidden(ops, ids, positions, false);
      Tensor last =
          chosen == input.length ? hidden : hidden.narrow(1, (long) input.length - chosen, chosen);
      take(decoder.logits(last));
    }
  }

  /** Reads a token and what is guessed to follow it in one step. */
  private void step(long[] input, KvCache cache, DecoderSteps kernels) {
    int place = Math.toIntExact(cache.length());
    int[] found =
        kernels.run(
            IntStream.range(0, input.length)
                .mapToObj(
                    i -> new DecoderSteps.Token(Math.toIntExact(input[i]), 0, place + i, 0, true))
                .toList());
    cache.advance(input.length);
    if (plainGreedy && Arrays.stream(found).allMatch(id -> id >= 0)) {
      likeliest = Arrays.stream(found).asLongStream().toArray();
      return;
    }
    likeliest = new long[0];
    int vocabulary = Math.toIntExact(decoder.head().weight().sizes()[0]);
    logits =
        logits.length == input.length * vocabulary ? logits : new float[input.length * vocabulary];
    for (int i = 0; i < input.length; i++) {
      kernels.logits(i, logits, i * vocabulary);
    }
  }

  private void take(Tensor scores) {
    if (plainGreedy) {
      likeliest = Logits.likeliest(scores);
      if (Arrays.stream(likeliest).allMatch(id -> id >= 0)) {
        return;
      }
      // The sampler finds which logit is at fault and says so.
      likeliest = new long[0];
    }
    logits = scores.toFloats(logits);
  }

  /** Takes what the model chooses, as long as that is what was read. */
  private void accept(int[] guessed, CancellationToken cancellation) {
    int vocabulary = logits.length / (guessed.length + 1);
    for (int i = 0; i <= guessed.length; i++) {
      int id =
          likeliest.length > 0
              ? Math.toIntExact(likeliest[i])
              : sequence.sampler().next(logits, i * vocabulary, (i + 1) * vocabulary);
      sequence.accept(id);
      boolean read = i < guessed.length && guessed[i] == id;
      if (!read || sequence.isFinished() || cancellation.isCancelled()) {
        return;
      }
    }
  }
}
