package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of earlier prompts and their answers (prefix caching, Kwon et al. 2023). A prompt
 * that shares a prefix with one of them is processed only from where it differs.
 *
 * <p>If layers keep states, only a prompt that extends a whole earlier sequence can reuse it.
 *
 * <p>A prompt that extends or repeats an earlier one replaces it; one that only shares a prefix is
 * kept alongside, and the shared prefix is stored once. The same holds for prompts answered
 * concurrently, even before their prefix has been processed: one of them processes it for all.
 * Above the byte limit, the least recently used entries are evicted. Not thread safe.
 */
public final class PromptCache implements AutoCloseable {

  /** Minimum prefix length for reuse; a shorter one is recomputed in one pass with the rest. */
  static final int SHORTEST = 16;

  private final Decoder decoder;

  /** Entries, least recently used first. */
  private final List<Entry> entries = new ArrayList<>();

  /** Generations in progress. */
  private final List<Lease> running = new ArrayList<>();

  private long limit;
  private long prefilled;

  /**
   * Incremented when keys and values become invalid, including those of generations in progress.
   */
  private int changes;

  /**
   * Creates an empty cache.
   *
   * @param limit maximum number of bytes kept between generations; 0 keeps nothing
   */
  public PromptCache(Decoder decoder, long limit) {
    this.decoder = decoder;
    limit(limit);
  }

  /** Keys and values kept of one generation. */
  private static final class Entry {

    /** The tokens whose keys and values are held. */
    private final int[] ids;

    /** Number of prompt tokens among them. */
    private final int prompt;

    /** Length of the original sequence. */
    private final int read;

    private final KvCache cache;

    /** The adapter they were computed with; null for the active adapters. */
    private final @Nullable AttachedAdapter adapter;

    Entry(int[] ids, int prompt, int read, KvCache cache, @Nullable AttachedAdapter adapter) {
      this.ids = ids;
      this.prompt = prompt;
      this.read = read;
      this.cache = cache;
      this.adapter = adapter;
    }

    int common(int[] other) {
      return PromptCache.common(ids, other);
    }
  }

  /**
   * A cached prefix that a prompt can continue.
   *
   * @param entry the cache entry; null for a generation in progress
   */
  private record Match(KvCache cache, int tokens, @Nullable Entry entry) {
    boolean isRunning() {
      return entry == null;
    }
  }

  private static int common(int[] ids, int[] other) {
    int mismatch = Arrays.mismatch(ids, other);
    return mismatch < 0 ? ids.length : mismatch;
  }

  /** Sets the limit and evicts what exceeds it. */
  public void limit(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes: expected at least 0, found " + bytes);
    }
    limit = bytes;
    shrink();
  }

  /** {@return the bytes held between generations, shared blocks counted once} */
  public long bytes() {
    return KvCache.bytes(entries.stream().map(entry -> entry.cache).toList());
  }

  /**
   * {@return the number of prompt tokens processed so far, excluding those taken from the cache}
   */
  public long prefilledTokens() {
    return prefilled;
  }

  /** Evicts everything, since the weights are about to change. */
  public void clear() {
    changes++;
    entries.forEach(entry -> entry.cache.close());
    entries.clear();
  }

  /** Evicts the entries computed with an adapter. */
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
   * @param adapter the adapter it runs with; null for the active adapters
   */
  Lease lease(int[] prompt, int capacity, @Nullable AttachedAdapter adapter) {
    KvCache cache =
        match(prompt, capacity, adapter)
            .map(match -> continued(match, prompt, capacity))
            .orElseGet(() -> decoder.newCache(1, capacity));
    prefilled += prompt.length - Math.max(cache.length(), cache.sharedTokens());
    Lease lease = new Lease(this, prompt, cache, adapter, changes);
    running.add(lease);
    return lease;
  }

  /** Returns the number of tokens a generation would share with those in progress. */
  int sharedWithRunning(int[] prompt, int capacity, @Nullable AttachedAdapter adapter) {
    return match(prompt, capacity, adapter).filter(Match::isRunning).map(Match::tokens).orElse(0);
  }

  private Optional<Match> match(int[] prompt, int capacity, @Nullable AttachedAdapter adapter) {
    Stream<Match> kept =
        entries.stream()
            .filter(entry -> entry.adapter == adapter && fits(entry, prompt))
            .map(entry -> new Match(entry.cache, beginning(entry.ids, prompt), entry));
    Stream<Match> inProgress =
        running.stream()
            .filter(lease -> lease.adapter == adapter && lease.changes == changes)
            .filter(lease -> decoder.sharesKeys(lease.cache.capacity(), capacity))
            .map(lease -> new Match(lease.cache, beginning(lease.prompt, prompt), null))
            .filter(match -> match.tokens >= KvCache.SHORTEST_SHARED);
    return Stream.concat(kept, inProgress)
        .max(Comparator.comparingInt(Match::tokens).thenComparing(Match::isRunning));
  }

  /**
   * Returns the length of the common prefix, without the prompt's last token, which is always
   * processed.
   */
  private static int beginning(int[] ids, int[] prompt) {
    return Math.min(common(ids, prompt), prompt.length - 1);
  }

  /**
   * Returns whether an entry can be reused for a prompt. States exist only after the last token, so
   * with states the prompt must extend the whole entry.
   */
  private boolean fits(Entry entry, int[] prompt) {
    if (decoder.keepsStates()
        && (entry.common(prompt) < entry.ids.length || entry.ids.length >= prompt.length)) {
      return false;
    }
    return beginning(entry.ids, prompt) >= SHORTEST
        && !decoder.rotationChanges(
            Math.min(entry.read, prompt.length), Math.max(entry.read, prompt.length));
  }

  private KvCache continued(Match match, int[] prompt, int capacity) {
    KvCache cache = match.cache;
    Entry entry = match.entry;
    if (entry == null) {
      return decoder.branchOf(cache, match.tokens, capacity);
    }
    entries.remove(entry);
    if (entry.common(prompt) < entry.prompt) {
      entries.add(entry);
      return decoder.branchOf(cache, match.tokens, capacity);
    }
    cache.truncate(match.tokens);
    if (cache.capacity() >= capacity) {
      return cache;
    }
    try (cache) {
      return decoder.copyOf(cache, match.tokens, capacity);
    }
  }

  /** Stores the cache of a finished generation. */
  private void keep(int[] ids, int prompt, KvCache cache, @Nullable AttachedAdapter adapter) {
    int held = held(ids.length, cache);
    if (held < SHORTEST || decoder.rotationChanges(prompt, ids.length)) {
      cache.close();
      return;
    }
    // Other requests may still append to a shared block; what follows there is not part of this
    // sequence.
    cache.truncate(ids.length);
    KvCache fitting = cache;
    if (cache.bytes() > limit) {
      try (cache) {
        fitting = decoder.copyOf(cache, held, Math.max(held, (int) cache.sharedTokens() + 1));
      }
    }
    int[] kept = Arrays.copyOf(ids, held);
    dropBeginningsOf(kept, adapter);
    entries.add(new Entry(kept, Math.min(prompt, held), ids.length, fitting, adapter));
    shrink();
  }

  /** Returns the number of tokens that fit the limit; with states, all or none. */
  private int held(int tokens, KvCache cache) {
    if (cache.hasStates()) {
      return decoder.cacheBytes(1, tokens, decoder.type()) <= limit ? tokens : 0;
    }
    return (int) Math.min(tokens, limit / decoder.cacheBytes(1, 1, decoder.type()));
  }

  /**
   * Drops entries that are prefixes of the given tokens, such as those of concurrent requests with
   * the same prompt.
   */
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

  /** Cache lent to one generation; closed unless it is kept. */
  static final class Lease implements AutoCloseable {

    private final PromptCache owner;
    private final int[] prompt;
    private final KvCache cache;
    private final @Nullable AttachedAdapter adapter;
    private final int changes;
    private boolean kept;

    private Lease(
        PromptCache owner,
        int[] prompt,
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

    /** Ends the generation and stores its cache. */
    void keep(int[] ids) {
      if (changes == owner.changes) {
        kept = true;
        owner.keep(ids, prompt.length, cache, adapter);
      }
    }

    @Override
    public void close() {
      owner.running.remove(this);
      if (!kept) {
        cache.close();
      }
    }
  }
}
