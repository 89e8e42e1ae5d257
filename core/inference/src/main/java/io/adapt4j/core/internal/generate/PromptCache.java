package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.generate.Checkpoints.Checkpoint;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.picture.Pictures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of earlier prompts and their answers (prefix caching, Kwon et al. 2023). A prompt
 * that shares a prefix with one of them is processed only from where it differs.
 *
 * <p>If layers keep states, a prompt continues from the last position in common whose states were
 * saved: a {@linkplain Reading mark}, the end of a prompt, or that of an answer.
 *
 * <p>A prompt that extends or repeats an earlier one replaces it; one that only shares a prefix is
 * kept alongside, and the shared prefix is stored once. The same holds for prompts answered
 * concurrently, even before their prefix has been processed: one of them processes it for all.
 * Above the byte limit, the least recently used entries and saved states are evicted. Not thread
 * safe.
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
  private boolean exact;

  /** Takes what is evicted; null if it is dropped. */
  private @Nullable PrefixFolder folder;

  private volatile @Nullable FileCipher cipher;

  /** Counts uses, to order them. */
  private long now;

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

    private final Checkpoints checkpoints;
    private final boolean isByMarks;
    private long used;

    private KeptPrefix prefix() {
      return new KeptPrefix(ids, read, isByMarks, cache, checkpoints);
    }

    Entry(KeptPrefix kept, int prompt, @Nullable AttachedAdapter adapter) {
      this.ids = kept.ids();
      this.prompt = prompt;
      this.read = kept.read();
      this.cache = kept.cache();
      this.adapter = adapter;
      this.checkpoints = kept.checkpoints();
      this.isByMarks = kept.isByMarks();
    }

    void close() {
      cache.close();
      checkpoints.close();
    }

    int common(int[] other) {
      return PromptCache.common(ids, other);
    }
  }

  /**
   * A cached prefix that a prompt can continue.
   *
   * @param checkpoint the states after its tokens; null if the cache has them
   * @param entry the cache entry; null for a generation in progress
   */
  private record Match(
      KvCache cache,
      int tokens,
      @Nullable Checkpoint checkpoint,
      Checkpoints checkpoints,
      @Nullable Entry entry) {
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

  /**
   * Sets whether answers are the same to the bit as without anything cached, at the price of
   * reading more tokens.
   */
  public void exact(boolean wanted) {
    if (exact != wanted) {
      exact = wanted;
      clear();
    }
  }

  /**
   * Encrypts files that are written from now on.
   *
   * @throws IllegalStateException if a folder has been opened, whose files are not
   */
  public void encrypt(FileCipher wanted) {
    if (folder != null) {
      throw new IllegalStateException("Call encryptPrompts before keepPromptsIn.");
    }
    cipher = wanted;
  }

  /** {@return the encryption of files; null for plain ones} */
  public @Nullable FileCipher cipher() {
    return cipher;
  }

  /** Lets a folder, which this closes, take what is evicted from now on; null for none. */
  public void evictTo(@Nullable PrefixFolder other) {
    if (folder != null) {
      folder.close();
    }
    folder = other;
  }

  private void evict(Entry entry) {
    store(entry);
    drop(List.of(entry));
  }

  private void store(Entry entry) {
    // Ids of pictures are those of this process.
    if (folder != null && entry.adapter == null && !Pictures.areIn(entry.ids)) {
      folder.put(entry.prefix(), exact);
    }
  }

  private void evict(Checkpoint checkpoint) {
    // Later the entry would be stored without it.
    entries.stream()
        .filter(entry -> entry.checkpoints.all().contains(checkpoint))
        .forEach(this::store);
    checkpoints().forEach(text -> text.drop(checkpoint));
  }

  /** Brings back what a folder has of a prompt. */
  private Optional<Match> matchInFolder(
      Optional<Match> known, int[] prompt, int capacity, Reading reading) {
    int tokens = known.map(Match::tokens).orElse(0);
    if (folder == null) {
      return known;
    }
    Optional<KeptPrefix> found = folder.find(prompt, tokens, reading, this);
    found.ifPresent(prefix -> add(prefix, null));
    return found.isPresent() ? match(prompt, capacity, null, reading) : known;
  }

  boolean isExact() {
    return exact;
  }

  /** Returns whether states of running generations may be saved. */
  boolean savesStates() {
    return limit > 0;
  }

  /**
   * {@return the bytes held between generations and those of saved states; what is shared is
   * counted once}
   */
  public long bytes() {
    return KvCache.bytes(entries.stream().map(entry -> entry.cache).toList())
        + Checkpoints.bytes(checkpoints());
  }

  private List<Checkpoints> checkpoints() {
    return Stream.concat(
            entries.stream().map(entry -> entry.checkpoints),
            running.stream().map(lease -> lease.checkpoints))
        .toList();
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
    running.forEach(lease -> lease.checkpoints.close());
    entries.forEach(Entry::close);
    entries.clear();
  }

  /** Evicts the entries computed with an adapter. */
  void drop(AttachedAdapter adapter) {
    drop(entries.stream().filter(entry -> entry.adapter == adapter).toList());
  }

  private void drop(List<Entry> gone) {
    gone.forEach(Entry::close);
    entries.removeAll(gone);
  }

  /** Stores what is kept if there is a folder, and frees it. */
  @Override
  public void close() {
    List.copyOf(entries).forEach(this::evict);
    clear();
    evictTo(null);
  }

  /** Starts a generation whose prompt is divided freely. */
  Lease lease(int[] prompt, int capacity, @Nullable AttachedAdapter adapter) {
    return lease(prompt, capacity, adapter, Reading.FREE);
  }

  /**
   * Starts a generation.
   *
   * @param adapter the adapter it runs with; null for the active adapters
   */
  Lease lease(int[] prompt, int capacity, @Nullable AttachedAdapter adapter, Reading reading) {
    now++;
    Optional<Match> match = match(prompt, capacity, adapter, reading);
    if (adapter == null) {
      match = matchInFolder(match, prompt, capacity, reading);
    }
    Checkpoints checkpoints =
        match.map(found -> found.checkpoints.copyUpTo(found.tokens)).orElseGet(Checkpoints::new);
    match.map(Match::checkpoint).ifPresent(checkpoint -> checkpoint.use(now));
    try {
      KvCache cache =
          match
              .map(found -> continued(found, prompt, capacity))
              .orElseGet(() -> decoder.newRequestCache(capacity));
      Lease lease = new Lease(this, prompt, cache, adapter, reading, checkpoints);
      prefilled += prompt.length - lease.reused;
      running.add(lease);
      return lease;
    } catch (RuntimeException | Error e) {
      checkpoints.close();
      throw e;
    }
  }

  /** Returns the number of tokens a generation would share with those in progress. */
  int sharedWithRunning(int[] prompt, int capacity, @Nullable AttachedAdapter adapter) {
    return match(prompt, capacity, adapter, Reading.FREE)
        .filter(Match::isRunning)
        .map(Match::tokens)
        .orElse(0);
  }

  private Optional<Match> match(
      int[] prompt, int capacity, @Nullable AttachedAdapter adapter, Reading reading) {
    Stream<Match> kept =
        entries.stream()
            .filter(entry -> entry.adapter == adapter && entry.isByMarks == reading.isByMarks())
            .filter(entry -> !rotationChanges(entry, prompt))
            .flatMap(entry -> match(entry, prompt, reading).stream())
            .filter(match -> match.tokens >= SHORTEST);
    Stream<Match> inProgress =
        running.stream()
            .filter(lease -> lease.adapter == adapter && lease.changes == changes)
            .filter(lease -> lease.reading.isByMarks() == reading.isByMarks())
            .filter(lease -> decoder.hasFixedKeys(lease.cache.capacity(), capacity))
            .flatMap(lease -> match(lease, prompt, reading).stream())
            .filter(match -> match.tokens >= KvCache.SHORTEST_SHARED);
    return Stream.concat(kept, inProgress)
        .filter(match -> match.cache.reaches(match.tokens))
        .max(Comparator.comparingInt(Match::tokens).thenComparing(Match::isRunning));
  }

  /** Returns the longest prefix kept of a text, closed by the caller, who holds the lock for it. */
  Optional<KeptPrefix> find(int[] ids, @Nullable AttachedAdapter adapter) {
    int[] longer = Arrays.copyOf(ids, ids.length + 1);
    return entries.stream()
        .filter(entry -> entry.adapter == adapter && !rotationChanges(entry, longer))
        .flatMap(entry -> match(entry, longer, Reading.FREE).stream())
        .filter(match -> match.tokens >= SHORTEST)
        .max(Comparator.comparingInt(Match::tokens))
        .map(match -> copyOf(match, ids));
  }

  private KeptPrefix copyOf(Match match, int[] ids) {
    Entry entry = Objects.requireNonNull(match.entry);
    return new KeptPrefix(
        Arrays.copyOf(ids, match.tokens),
        entry.read,
        entry.isByMarks,
        branch(match, match.tokens + 1),
        match.checkpoints.copyUpTo(match.tokens));
  }

  /** Adds a prefix that was kept elsewhere, whose memory is this cache's from now on. */
  void add(KeptPrefix prefix, @Nullable AttachedAdapter adapter) {
    dropBeginningsOf(prefix.ids(), adapter);
    Entry entry = new Entry(prefix, prefix.ids().length, adapter);
    entry.used = ++now;
    entries.add(entry);
    shrink();
  }

  /** Returns whether a prefix with some saved states fits the limit. */
  boolean hasRoomFor(int tokens, int states) {
    return KeptPrefix.bytes(decoder, tokens + 1, states) <= limit;
  }

  private Optional<Match> match(Entry entry, int[] prompt, Reading reading) {
    int tokens = reading.reusable(beginning(entry.ids, prompt));
    if (!decoder.keepsStates() || tokens == entry.ids.length) {
      return Optional.of(new Match(entry.cache, tokens, null, entry.checkpoints, entry));
    }
    return match(entry.cache, tokens, entry.checkpoints, entry);
  }

  private Optional<Match> match(Lease lease, int[] prompt, Reading reading) {
    int tokens = reading.reusable(beginning(lease.prompt, prompt));
    return decoder.keepsStates()
        ? match(lease.cache, tokens, lease.checkpoints, null)
        : Optional.of(new Match(lease.cache, tokens, null, lease.checkpoints, null));
  }

  private static Optional<Match> match(
      KvCache cache, int most, Checkpoints checkpoints, @Nullable Entry entry) {
    return checkpoints
        .lastUpTo(most)
        .map(found -> new Match(cache, found.tokens(), found, checkpoints, entry));
  }

  /**
   * Returns the length of the common prefix, without the prompt's last token, which is always
   * processed.
   */
  private static int beginning(int[] ids, int[] prompt) {
    return Math.min(common(ids, prompt), prompt.length - 1);
  }

  private boolean rotationChanges(Entry entry, int[] prompt) {
    return decoder.rotationChanges(
        Math.min(entry.read, prompt.length), Math.max(entry.read, prompt.length));
  }

  private KvCache continued(Match match, int[] prompt, int capacity) {
    KvCache cache = match.cache;
    Entry entry = match.entry;
    if (entry == null) {
      return branch(match, capacity);
    }
    entries.remove(entry);
    if (entry.common(prompt) < entry.prompt) {
      entry.used = now;
      entries.add(entry);
      return branch(match, capacity);
    }
    truncate(cache, match.tokens, match.checkpoint);
    entry.checkpoints.close();
    if (cache.capacity() >= capacity) {
      return cache;
    }
    try (cache) {
      return decoder.copyOf(cache, match.tokens, capacity);
    }
  }

  private KvCache branch(Match match, int capacity) {
    return match.checkpoint == null
        ? decoder.branchOf(match.cache, match.tokens, capacity)
        : decoder.branchOf(match.cache, match.tokens, capacity, match.checkpoint.states());
  }

  private void truncate(KvCache cache, int tokens, @Nullable Checkpoint checkpoint) {
    if (checkpoint == null) {
      cache.truncate(tokens);
    } else {
      decoder.rollBack(cache, tokens, checkpoint.states());
    }
  }

  /** Stores the cache of a finished generation. */
  private void keep(int[] ids, Lease lease) {
    KvCache cache = lease.cache;
    int[] same = lease.reading.isByMarks() ? upToMark(ids, lease) : ids;
    int held = held(same.length, cache);
    if (held < SHORTEST || decoder.rotationChanges(lease.prompt.length, ids.length)) {
      cache.close();
      return;
    }
    // Other requests may still append to a shared block; what follows there is not part of this
    // sequence.
    cache.truncate(same.length);
    KvCache fitting = cache;
    if (cache.bytes() > limit) {
      try (cache) {
        fitting = decoder.copyOf(cache, held, Math.max(held, (int) cache.sharedTokens() + 1));
      }
    }
    int[] kept = Arrays.copyOf(same, held);
    dropBeginningsOf(kept, lease.adapter);
    KeptPrefix prefix =
        new KeptPrefix(
            kept,
            ids.length,
            lease.reading.isByMarks(),
            fitting,
            lease.checkpoints.copyUpTo(kept.length));
    Entry entry = new Entry(prefix, Math.min(lease.prompt.length, held), lease.adapter);
    entry.used = ++now;
    entries.add(entry);
    shrink();
  }

  /** Cuts off what a longer prompt would read in other passes. */
  private int[] upToMark(int[] ids, Lease lease) {
    int tokens = lease.reading.markBefore(Math.min(ids.length, lease.prompt.length));
    Checkpoint checkpoint = null;
    if (lease.cache.hasStates()) {
      checkpoint = lease.checkpoints.lastUpTo(tokens).orElse(null);
      tokens = checkpoint == null ? 0 : checkpoint.tokens();
    }
    if (!lease.cache.reaches(tokens)) {
      return new int[0];
    }
    truncate(lease.cache, tokens, checkpoint);
    return Arrays.copyOf(ids, tokens);
  }

  /** Returns the number of tokens that fit the limit; with states or freed windows, all or none. */
  private int held(int tokens, KvCache cache) {
    if (cache.hasStates() || cache.frees()) {
      return decoder.requestBytes(tokens) <= limit ? tokens : 0;
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
      Optional<Checkpoint> oldest =
          Checkpoints.leastRecent(checkpoints())
              .filter(found -> entries.isEmpty() || found.used() <= entries.get(0).used);
      if (oldest.isPresent()) {
        evict(oldest.get());
      } else {
        evict(entries.get(0));
      }
    }
  }

  /** Cache lent to one generation; closed unless it is kept. */
  static final class Lease implements AutoCloseable {

    private final PromptCache owner;
    private final int[] prompt;
    private final KvCache cache;
    private final @Nullable AttachedAdapter adapter;
    private final Reading reading;
    private final Checkpoints checkpoints;
    private final int reused;
    private final int changes;
    private boolean kept;

    private Lease(
        PromptCache owner,
        int[] prompt,
        KvCache cache,
        @Nullable AttachedAdapter adapter,
        Reading reading,
        Checkpoints checkpoints) {
      this.owner = owner;
      this.prompt = prompt;
      this.cache = cache;
      this.adapter = adapter;
      this.reading = reading;
      this.checkpoints = checkpoints;
      this.reused = Math.toIntExact(Math.max(cache.length(), cache.sharedTokens()));
      this.changes = owner.changes;
    }

    KvCache cache() {
      return cache;
    }

    /** Returns the number of prompt tokens that need not be processed for this generation. */
    int reused() {
      return reused;
    }

    /** Saves the states after the tokens processed so far. */
    void saveStates() {
      int tokens = Math.toIntExact(cache.length());
      if (changes == owner.changes
          && cache.hasStates()
          && cache.stateBytes() <= owner.limit
          && !checkpoints.hasAt(tokens)) {
        checkpoints.add(new Checkpoint(tokens, owner.decoder.statesOf(cache), ++owner.now));
        owner.shrink();
      }
    }

    /** Ends the generation and stores its cache. */
    void keep(int[] ids) {
      if (changes == owner.changes) {
        kept = true;
        owner.keep(ids, this);
      }
    }

    @Override
    public void close() {
      owner.running.remove(this);
      checkpoints.close();
      if (!kept) {
        cache.close();
      }
    }
  }
}
