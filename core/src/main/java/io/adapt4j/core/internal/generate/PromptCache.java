package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.nn.AttachedAdapter;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.KvCache;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of earlier prompts and their answers (prefix caching, Kwon et al. 2023). A prompt
 * that begins like one of them is read from where it differs.
 *
 * <p>Where layers keep states, only a prompt that continues all of what was read begins with it.
 *
 * <p>A prompt that continues or repeats an earlier one takes its place; one that only begins alike
 * is kept beside it. Beyond the limit in bytes those longest unused are dropped. Not thread safe.
 */
public final class PromptCache implements AutoCloseable {

  /** A shorter beginning is read again, in one pass with the rest. */
  static final int SHORTEST = 16;

  private final Decoder decoder;

  /** Longest unused first. */
  private final List<Entry> entries = new ArrayList<>();

  private long limit;
  private long prefilled;

  /** Counts what has made keys and values worthless, also those of a generation in progress. */
  private int changes;

  /**
   * Creates an empty cache.
   *
   * @param decoder the model whose keys and values are kept
   * @param limit the most bytes that stay between generations; 0 keeps nothing
   */
  public PromptCache(Decoder decoder, long limit) {
    this.decoder = decoder;
    limit(limit);
  }

  /** What is kept of one generation. */
  private static final class Entry {

    /** The tokens whose keys and values are held. */
    private final int[] ids;

    /** How many of them are the prompt's. */
    private final int prompt;

    /** How long the sequence was. */
    private final int read;

    private final KvCache cache;

    /** The adapter that they were read with, or null for those that were on. */
    private final @Nullable AttachedAdapter adapter;

    Entry(int[] ids, int prompt, int read, KvCache cache, @Nullable AttachedAdapter adapter) {
      this.ids = ids;
      this.prompt = prompt;
      this.read = read;
      this.cache = cache;
      this.adapter = adapter;
    }

    int common(int[] other) {
      int mismatch = Arrays.mismatch(ids, other);
      return mismatch < 0 ? ids.length : mismatch;
    }
  }

  /**
   * Sets the limit, and drops what is beyond it.
   *
   * @param bytes the most that stay between generations; 0 keeps nothing
   * @throws IllegalArgumentException if it is negative
   */
  public void limit(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes: expected at least 0, found " + bytes);
    }
    limit = bytes;
    shrink();
  }

  /** {@return the memory in use between generations} */
  public long bytes() {
    return entries.stream().mapToLong(entry -> entry.cache.bytes()).sum();
  }

  /** {@return how many tokens of prompts have been read so far, those taken from here left out} */
  public long prefilledTokens() {
    return prefilled;
  }

  /** Drops everything, as the weights are about to change. */
  public void clear() {
    changes++;
    entries.forEach(entry -> entry.cache.close());
    entries.clear();
  }

  /**
   * Drops what was read with an adapter.
   *
   * @param adapter one that is about to go
   */
  void drop(AttachedAdapter adapter) {
    drop(entries.stream().filter(entry -> entry.adapter == adapter).toList());
  }

  private void drop(List<Entry> gone) {
    gone.forEach(entry -> entry.cache.close());
    entries.removeAll(gone);
  }

  @Override
  public void close() {
    clear();
  }

  /**
   * Starts a generation.
   *
   * @param prompt its tokens
   * @param capacity the most tokens of prompt and answer that are read
   * @param adapter what it is read with; null for the adapters that are on
   * @return a cache that holds a beginning of the prompt, never all of it
   */
  Lease lease(int[] prompt, int capacity, @Nullable AttachedAdapter adapter) {
    Optional<Entry> best =
        entries.stream()
            .filter(entry -> entry.adapter == adapter && fits(entry, prompt))
            .max(Comparator.comparingInt(entry -> entry.common(prompt)));
    KvCache cache =
        best.isPresent() ? continued(best.get(), prompt, capacity) : decoder.newCache(1, capacity);
    prefilled += prompt.length - cache.length();
    return new Lease(this, prompt.length, cache, adapter, changes);
  }

  /** States are those after the last token, so that a prompt has to continue all of them. */
  private boolean fits(Entry entry, int[] prompt) {
    if (decoder.keepsStates()
        && (entry.common(prompt) < entry.ids.length || entry.ids.length >= prompt.length)) {
      return false;
    }
    return Math.min(entry.common(prompt), prompt.length - 1) >= SHORTEST
        && !decoder.rotationChanges(
            Math.min(entry.read, prompt.length), Math.max(entry.read, prompt.length));
  }

  private KvCache continued(Entry entry, int[] prompt, int capacity) {
    int common = entry.common(prompt);
    int held = Math.min(common, prompt.length - 1);
    boolean replaced = common >= entry.prompt;
    KvCache cache = entry.cache;
    if (replaced && cache.capacity() >= capacity) {
      cache.truncate(held);
    } else {
      cache = decoder.newCache(1, capacity);
      cache.copyFrom(entry.cache, held);
    }
    entries.remove(entry);
    if (!replaced) {
      entries.add(entry);
    } else if (cache != entry.cache) {
      entry.cache.close();
    }
    return cache;
  }

  /** Takes over the cache of a generation that has ended. */
  private void keep(int[] ids, int prompt, KvCache cache, @Nullable AttachedAdapter adapter) {
    int held = held(ids.length, cache);
    if (held < SHORTEST || decoder.rotationChanges(prompt, ids.length)) {
      cache.close();
      return;
    }
    KvCache fitting = cache;
    if (cache.bytes() > limit) {
      fitting = decoder.newCache(1, held);
      fitting.copyFrom(cache, held);
      cache.close();
    }
    int[] kept = Arrays.copyOf(ids, held);
    dropBeginningsOf(kept, adapter);
    entries.add(new Entry(kept, Math.min(prompt, held), ids.length, fitting, adapter));
    shrink();
  }

  /** How many tokens the limit leaves; with states all of them or none. */
  private int held(int tokens, KvCache cache) {
    if (cache.hasStates()) {
      return decoder.cacheBytes(1, tokens, decoder.type()) <= limit ? tokens : 0;
    }
    long bytesPerToken = cache.bytes() / cache.capacity();
    return (int) Math.min(tokens, limit / bytesPerToken);
  }

  /** What requests at the same time have read alike is kept once. */
  private void dropBeginningsOf(int[] ids, @Nullable AttachedAdapter adapter) {
    drop(
        entries.stream()
            .filter(entry -> entry.adapter == adapter && entry.common(ids) == entry.ids.length)
            .toList());
  }

  private void shrink() {
    while (bytes() > limit) {
      entries.remove(0).cache.close();
    }
  }

  /** A cache lent to one generation, which is closed unless it is kept. */
  static final class Lease implements AutoCloseable {

    private final PromptCache owner;
    private final int prompt;
    private final KvCache cache;
    private final @Nullable AttachedAdapter adapter;
    private final int changes;
    private boolean kept;

    private Lease(
        PromptCache owner,
        int prompt,
        KvCache cache,
        @Nullable AttachedAdapter adapter,
        int changes) {
      this.owner = owner;
      this.prompt = prompt;
      this.cache = cache;
      this.adapter = adapter;
      this.changes = changes;
    }

    KvCache cache() {
      return cache;
    }

    /**
     * Ends the generation and keeps what it has read.
     *
     * @param ids the tokens in the cache
     */
    void keep(int[] ids) {
      if (changes == owner.changes) {
        kept = true;
        owner.keep(ids, prompt, cache, adapter);
      }
    }

    @Override
    public void close() {
      if (!kept) {
        cache.close();
      }
    }
  }
}
