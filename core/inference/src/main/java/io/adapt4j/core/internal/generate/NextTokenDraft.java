package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.Logits;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model's own layer for further tokens, which guesses from the hidden state of the last processed
 * token and the newest token, and repeats itself on its output for more. It chooses with the random
 * numbers that the model will choose with.
 *
 * <p>It keeps the keys and values of one text, from the first token whose hidden state it has seen:
 * where the model took over a prompt's beginning from its cache, or ran with other requests, it
 * starts there. The key of a token belongs to its hidden state and to the token after it. Not
 * thread safe: the model's lock is held.
 */
public final class NextTokenDraft implements Drafter {

  private static final int[] NONE = {};

  private final Decoder decoder;
  private final NextTokenLayer layer;
  private final int mostTokens;
  private final Ops ops = Ops.inference();
  private final float[] logits;

  /** Tokens of the text so far; those at the end may be guesses. */
  private int[] text = NONE;

  /** Number of tokens before the first one whose key is held. */
  private int start;

  /** Hidden states of the tokens after those whose keys are held [1, T, hidden]. */
  private @Nullable Tensor states;

  private KvCache cache;
  private @Nullable Sampler arrays;

  /** Takes ownership of a layer of a model. */
  public NextTokenDraft(Decoder decoder, NextTokenLayer layer, int mostTokens) {
    this.decoder = decoder;
    this.layer = layer;
    this.mostTokens = mostTokens;
    this.logits = new float[Math.toIntExact(decoder.head().weight().sizes()[0])];
    this.cache = layer.newCache(64);
  }

  @Override
  public int mostTokens() {
    return mostTokens;
  }

  @Override
  public boolean readsStates() {
    return true;
  }

  /** Returns the number of tokens whose keys and values are held. */
  int held() {
    return Math.toIntExact(cache.length());
  }

  /** Returns the keys and values. */
  KvCache cache() {
    return cache;
  }

  private int waiting() {
    return states == null ? 0 : Math.toIntExact(states.size(1));
  }

  @Override
  public void read(int[] before, int from, int[] ids, Tensor read) {
    int[] all = Arrays.copyOf(before, from + ids.length);
    System.arraycopy(ids, 0, all, from, ids.length);
    goBack(all, from);
    if (start + held() + waiting() != from) {
      forget();
      start = from;
    }
    text = all;
    try (Scope scope = Scope.open(decoder.engine())) {
      if (waiting() >= RequestBatch.STEP) {
        process(from + 1);
      }
      Tensor joined =
          states == null
              ? read.copyAs(read.type()).own()
              : Tensor.concatenated(List.of(states, read), 1).own();
      keep(joined);
    }
  }

  /** Keeps what a text has in common with the one so far, and states of its first tokens only. */
  private void goBack(int[] other, int tokens) {
    int mismatch = Arrays.mismatch(text, other);
    int common = mismatch < 0 ? text.length : mismatch;
    int keys = Math.max(0, Math.min(held(), Math.min(common, tokens + 1) - 1 - start));
    if (keys < held()) {
      keep(null);
      cache.truncate(keys);
    }
    int left = Math.min(common, tokens) - start - keys;
    if (states != null && left < waiting()) {
      try (Scope scope = Scope.open(decoder.engine())) {
        keep(left <= 0 ? null : states.narrow(1, 0, left).copyAs(states.type()).own());
      }
    }
  }

  private void keep(@Nullable Tensor next) {
    if (states != null) {
      states.close();
    }
    states = next;
  }

  @Override
  public int[] guess(int[] chosen, int length, int count, @Nullable Sampler sampler) {
    if (decoder.rotationChanges(1, length + count)) {
      return NONE;
    }
    int[] all = Arrays.copyOf(chosen, length + count);
    goBack(Arrays.copyOf(chosen, length), length - 1);
    text = Arrays.copyOf(chosen, length);
    if (waiting() == 0 || start + held() + waiting() != length - 1) {
      return NONE;
    }
    Sampler ahead = sampler == null ? null : sampler.ahead(arrays);
    arrays = ahead == null ? arrays : ahead;
    try (Scope scope = Scope.open(decoder.engine())) {
      NextTokenLayer.Output output = process(length + count);
      int keys = held();
      int found = length;
      int id = choose(output, ahead);
      while (id >= 0 && id < decoder.dimensions().vocabularySize()) {
        all[found++] = id;
        if (found == all.length) {
          break;
        }
        output = layer.read(ops, new int[] {id}, last(output.repeated()), cache);
        id = choose(output, ahead);
      }
      cache.truncate(keys);
      return Arrays.copyOfRange(all, length, found);
    }
  }

  /** Computes the keys and values of the tokens whose states wait, with room for more tokens. */
  private NextTokenLayer.Output process(int tokens) {
    Tensor waiting = states;
    int first = start + held() + 1;
    if (cache.capacity() < tokens - start) {
      KvCache larger = layer.copyOf(cache, held(), 2 * (tokens - start));
      cache.close();
      cache = larger;
    }
    int[] next = Arrays.copyOfRange(text, first, first + waiting());
    NextTokenLayer.Output output = layer.read(ops, next, waiting, cache);
    keep(null);
    return output;
  }

  /** Returns the likeliest or the sampled token after the last one; -1 if a logit is not finite. */
  private int choose(NextTokenLayer.Output output, @Nullable Sampler sampler) {
    Tensor normed = last(output.normed());
    Tensor scores = layer.logits(normed.viewed(1, normed.size(2)));
    int likeliest = Math.toIntExact(Logits.likeliest(scores)[0]);
    return sampler == null || likeliest < 0 ? likeliest : sampler.next(scores.toFloats(logits));
  }

  private static Tensor last(Tensor all) {
    return all.narrow(1, all.size(1) - 1, 1);
  }

  private void forget() {
    keep(null);
    cache.truncate(0);
    text = NONE;
    start = 0;
  }

  @Override
  public void modelChanges() {
    forget();
  }

  @Override
  public void close() {
    keep(null);
    cache.close();
    layer.close();
  }
}
