package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.Logits;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A smaller model with the same vocabulary, which guesses the next tokens of a text for a larger
 * one (speculative decoding). It chooses with the random numbers that the larger one will choose
 * with, so that a guess is right where both models have similar distributions; what is chosen is
 * what the larger one chooses without guesses.
 *
 * <p>It keeps the keys, values or states of one text, and reads another from where that differs.
 * Thread safe: it holds its model's lock.
 */
public final class DraftModel implements Drafter {

  private static final int[] NONE = {};

  private final Decoder decoder;
  private final ReentrantLock lock;
  private final PreparedSteps steps;
  private final int mostTokens;
  private final int vocabulary;
  private final Ops ops = Ops.inference();
  private final float[] logits;
  private boolean closed;

  private @Nullable KvCache cache;

  /** Tokens whose keys, values or states are held. */
  private int[] read = NONE;

  /** Number of tokens at the last checkpoint of states. */
  private int checkpoint;

  private @Nullable Sampler arrays;

  /** Creates a draft model. */
  public DraftModel(
      Decoder decoder, AdapterSet adapters, ReentrantLock lock, int mostTokens, int vocabulary) {
    this.decoder = decoder;
    this.lock = lock;
    this.steps = new PreparedSteps(StepKernels::prepared, decoder, adapters, 1, RequestBatch.STEP);
    this.mostTokens = mostTokens;
    this.vocabulary = vocabulary;
    this.logits = new float[Math.toIntExact(decoder.head().weight().sizes()[0])];
  }

  @Override
  public int mostTokens() {
    return mostTokens;
  }

  @Override
  public int[] guess(int[] text, int length, int count, @Nullable Sampler sampler) {
    if (length + count > decoder.lengthLimit() || decoder.rotationChanges(1, length + count)) {
      return NONE;
    }
    lock.lock();
    boolean done = closed;
    try {
      int[] guessed = closed ? NONE : guessed(Arrays.copyOf(text, length + count), length, sampler);
      done = true;
      return guessed;
    } finally {
      if (!done) {
        release();
      }
      lock.unlock();
    }
  }

  private int[] guessed(int[] text, int length, @Nullable Sampler sampler) {
    Sampler ahead = sampler == null ? null : sampler.ahead(arrays);
    arrays = ahead == null ? arrays : ahead;
    int begun = goBack(text, length);
    if (Arrays.stream(text, begun, length).anyMatch(id -> id >= logits.length)) {
      return NONE;
    }
    KvCache held = room(begun, text.length);
    steps.placeChanged();
    while (begun < length - 1) {
      int end = Math.min(length - 1, begun + RequestBatch.STEP);
      choose(held, Arrays.copyOfRange(text, begun, end), null, false);
      begun = end;
    }
    read = Arrays.copyOf(text, begun);
    decoder.checkpoint(held);
    checkpoint = begun;
    int found = length;
    while (found < text.length) {
      int id = choose(held, new int[] {text[found - 1]}, ahead, true);
      read = Arrays.copyOf(text, found);
      if (id < 0 || id >= vocabulary) {
        break;
      }
      text[found++] = id;
    }
    return Arrays.copyOfRange(text, length, found);
  }

  /** Returns to the tokens that a text shares with the one that was read, without its last one. */
  private int goBack(int[] text, int length) {
    int mismatch = Arrays.mismatch(read, Arrays.copyOf(text, length - 1));
    int common = mismatch < 0 ? read.length : mismatch;
    if (cache == null) {
      return 0;
    }
    if (decoder.keepsStates() && common < read.length && common < checkpoint) {
      common = 0;
    }
    if (common == 0) {
      cache.clear();
    } else {
      cache.rollBack(common);
    }
    read = Arrays.copyOf(text, Math.toIntExact(cache.length()));
    return read.length;
  }

  /** Returns the cache with its first tokens, and with room for more. */
  private KvCache room(int held, int tokens) {
    KvCache before = cache;
    if (before != null && before.capacity() >= tokens) {
      return before;
    }
    int capacity = Math.max(64, tokens + tokens / 2);
    KvCache larger =
        before == null ? decoder.newCache(1, capacity) : decoder.copyOf(before, held, capacity);
    if (before != null) {
      before.close();
    }
    cache = larger;
    steps.place(0, larger);
    return larger;
  }

  /**
   * Reads tokens and chooses the next one.
   *
   * @return -1 where none is wanted, or if a logit is not finite
   */
  private int choose(KvCache held, int[] ids, @Nullable Sampler sampler, boolean wanted) {
    Optional<DecoderSteps> program = steps.programFor(null).map(PreparedSteps.Program::steps);
    if (program.isPresent() && (program.get().readsPrompts() || ids.length <= RequestBatch.MOST)) {
      return chosenBySteps(program.get(), held, ids, sampler, wanted);
    }
    long[] mask = new long[Math.toIntExact(held.length()) + ids.length];
    Arrays.fill(mask, 1);
    long[] input = Arrays.stream(ids).asLongStream().toArray();
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, 1, ids.length, held)) {
      Tensor hidden = decoder.hidden(ops, Tensor.of(input, 1, input.length), positions, false);
      if (!wanted) {
        return -1;
      }
      Tensor last = hidden.viewed(ids.length, hidden.size(2)).narrow(0, ids.length - 1L, 1);
      Tensor scores = decoder.logits(last);
      return sampler == null
          ? Math.toIntExact(Logits.likeliest(scores)[0])
          : sampler.next(scores.toFloats(logits));
    }
  }

  private int chosenBySteps(
      DecoderSteps program, KvCache held, int[] ids, @Nullable Sampler sampler, boolean wanted) {
    List<DecoderSteps.Token> tokens = new ArrayList<>();
    int at = Math.toIntExact(held.length());
    for (int i = 0; i < ids.length; i++) {
      boolean isOutput = wanted && i == ids.length - 1;
      tokens.add(new DecoderSteps.Token(ids[i], 0, at + i, 0, isOutput));
    }
    int[] likeliest = program.run(tokens);
    held.advance(ids.length);
    if (!wanted || sampler == null) {
      return wanted ? likeliest[0] : -1;
    }
    program.logits(0, logits, 0);
    return sampler.next(logits);
  }

  /**
   * Forgets what was read and releases the kernels, since weights are about to change. The lock is
   * held.
   */
  public void release() {
    steps.release();
    if (cache != null) {
      // Further ones may be of another form.
      steps.remove(0);
      cache.close();
      cache = null;
    }
    read = NONE;
    checkpoint = 0;
  }

  /** Frees memory; from now on nothing is guessed. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      steps.release();
      if (cache != null) {
        cache.close();
        cache = null;
      }
    } finally {
      lock.unlock();
    }
  }
}
