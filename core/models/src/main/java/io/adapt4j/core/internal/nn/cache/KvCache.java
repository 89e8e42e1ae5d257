package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.CachedAttention;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.core.internal.tensor.op.SinkOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Cache of a model's layers: keys and values of each processed token, or states, which can only be
 * rolled back to a position where they were saved. Keys and values of a prefix common to several
 * texts are in blocks that their caches share; the rest belongs to each cache.
 *
 * <p>A shared block may not be full yet. The text that is processed next then fills it for all.
 */
public final class KvCache implements LayerCache, AutoCloseable {

  /** Maximum number of blocks that a cache shares. Beyond that, common prefixes are copied. */
  private static final int MOST_SHARED = 4;

  /** Minimum number of tokens in a shared block: below that, a copy costs as little. */
  public static final int SHORTEST_SHARED = 32;

  /** A range of tokens in a block. */
  public record Part(KvBlock block, long start, long tokens) {

    private boolean isFull() {
      return block.filled() >= tokens;
    }

    private long held() {
      return Math.min(block.filled(), tokens);
    }
  }

  /** Shared parts, in the order of their positions. */
  private final List<Part> shared = new ArrayList<>();

  private final LayerStates states;

  /** States at the checkpoint; null before the first one. */
  private @Nullable LayerStates saved;

  /** Number of tokens at the checkpoint; -1 without one. */
  private long savedAt = -1;

  private KvBlock own;
  private int changes;

  public KvCache(List<CacheShape> layers, long rows, long capacity, DType type) {
    this(new KvBlock(layers, rows, capacity, type));
  }

  private KvCache(KvBlock own) {
    this.own = own;
    this.states = new LayerStates(own.layers(), own.rows());
  }

  /** Returns the number of cached tokens. */
  public long length() {
    long length = 0;
    for (Part part : shared) {
      length += part.held();
      if (!part.isFull()) {
        return length;
      }
    }
    return length + own.filled();
  }

  /** Returns the capacity in tokens. */
  public long capacity() {
    return sharedTokens() + own.capacity();
  }

  /** {@return the number of tokens whose keys and values are, or will be, in shared blocks} */
  public long sharedTokens() {
    return shared.stream().mapToLong(Part::tokens).sum();
  }

  /** {@return the shared block that the next token goes to, which other caches wait for too} */
  public Optional<KvBlock> unfilled() {
    return shared.stream().filter(part -> !part.isFull()).map(Part::block).findFirst();
  }

  /**
   * {@return the parts with the tokens, in the order of their positions; the last one is not
   * shared}
   */
  public List<Part> parts() {
    List<Part> parts = new ArrayList<>(shared);
    parts.add(new Part(own, sharedTokens(), own.capacity()));
    return parts;
  }

  /** {@return a counter that changes with the parts} */
  public int changes() {
    return changes;
  }

  /** {@return the number of layers} */
  public int layers() {
    return own.layers().size();
  }

  /** {@return the number of sequences} */
  public int rows() {
    return Math.toIntExact(own.rows());
  }

  @Override
  public Tensor recur(int layer, Tensor x, Recurrent recurrent) {
    return recurrent.over(x, states.of(layer));
  }

  /**
   * Returns the states of a layer, without copying them: the tail of a convolution [rows, ..], then
   * the state if there is one; empty for a layer without states.
   */
  public List<Tensor> states(int layer) {
    return states.tensors(layer);
  }

  /** {@return whether there are states, which can only be rolled back to saved ones} */
  public boolean hasStates() {
    return !states.isEmpty();
  }

  /**
   * Copies the states after the last token.
   *
   * @return the copy, closed by the caller
   */
  public LayerStates saveStates() {
    LayerStates saved = new LayerStates(own.layers(), own.rows());
    saved.copyFrom(states);
    return saved;
  }

  /** {@return the memory of the states, in bytes} */
  public long stateBytes() {
    return states.bytes();
  }

  /**
   * Makes room for the tokens of the next pass or step: layers with a window may free those before
   * it. No effect on caches that keep all.
   */
  public void makeRoom(long tokens) {
    long end = length() + tokens - sharedTokens();
    if (own.frees() && end > 0 && own.makeRoom(own.filled(), end - own.filled())) {
      changes++;
    }
  }

  /** {@return whether layers with a window free what no later token sees} */
  public boolean frees() {
    return own.frees();
  }

  /** {@return whether the text can go on after its first tokens: their windows are still held} */
  public boolean reaches(long tokens) {
    return tokens <= sharedTokens() || tokens - sharedTokens() >= own.firstPlace();
  }

  /** {@return whether keys and values of a layer are in 8 bits} */
  private boolean isInEightBits(int layer) {
    return own.layers().get(layer).isInEightBits();
  }

  @Override
  public Tensor attend(int layer, Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule) {
    if (isInEightBits(layer)) {
      return EightBitKeys.attend(
          this,
          layer,
          k,
          v,
          (keys, values, newKeys, newValues) ->
              CachedAttention.apply(q, newKeys, newValues, keys, values, length(), mask, rule));
    }
    return withJoined(
        layer,
        k.size(2),
        (keys, values) -> CachedAttention.apply(q, k, v, keys, values, length(), mask, rule));
  }

  @Override
  public Tensor attend(
      int layer, Tensor q, Tensor k, Selection selection, Tensor mask, AttentionRule rule) {
    long all = length() + k.size(2);
    if (all <= selection.chosen()) {
      return attend(layer, q, k, k, mask, rule);
    }
    return withJoined(
        layer,
        k.size(2),
        (keys, values) -> {
          CachedAttention.append(k, k, keys, values, length());
          Tensor chosen = selection.mask(() -> keys.narrow(2, 0, all), mask);
          return CachedAttention.apply(q, k, k, keys, values, length(), chosen, rule);
        });
  }

  @Override
  public long longest(long tokens) {
    return length() + tokens;
  }

  @Override
  public boolean isEmpty() {
    return length() == 0;
  }

  @Override
  public void append(int layer, Tensor k, Tensor v) {
    if (isInEightBits(layer)) {
      EightBitKeys.store(this, layer, k, v);
      return;
    }
    withJoined(
        layer,
        k.size(2),
        (keys, values) -> {
          CachedAttention.append(k, v, keys, values, length());
          return keys;
        });
  }

  @Override
  public Tensor attend(
      int layer, Tensor q, Tensor k, Tensor v, Parameter sinks, Tensor mask, AttentionRule rule) {
    if (isInEightBits(layer)) {
      return EightBitKeys.attend(
          this,
          layer,
          k,
          v,
          (keys, values, newKeys, newValues) ->
              SinkOps.cached(q, newKeys, newValues, keys, values, sinks, length(), mask, rule));
    }
    return withJoined(
        layer,
        k.size(2),
        (keys, values) -> SinkOps.cached(q, k, v, keys, values, sinks, length(), mask, rule));
  }

  @Override
  public Tensor attend(
      int layer,
      Tensor projected,
      Heads heads,
      RotaryTable table,
      Tensor mask,
      AttentionRule rule) {
    if (isInEightBits(layer)) {
      Tensor[] parts =
          CachedAttention.turned(projected, heads.query(), heads.keyValue(), heads.dim(), table);
      return attend(layer, parts[0], parts[1], parts[2], mask, rule).typedAs(projected);
    }
    return withJoined(
        layer,
        projected.size(1),
        (keys, values) ->
            CachedAttention.rotated(
                projected, heads.query(), table, keys, values, length(), mask, rule));
  }

  /**
   * Copies shared blocks that are full into the part that is not shared: operators would
   * concatenate them in every pass.
   */
  void separate() {
    if (!shared.isEmpty() && unfilled().isEmpty()) {
      KvBlock whole = own.emptyLike(capacity());
      for (Piece piece : pieces(0, length())) {
        whole.copy(piece.place(), piece.block(), piece.from(), piece.tokens());
      }
      whole.fill(length());
      close(shared, own);
      shared.clear();
      own = whole;
      changes++;
    }
  }

  private static void close(List<Part> shared, KvBlock own) {
    shared.forEach(part -> part.block().close());
    own.close();
  }

  /** Returns the block that is not shared. */
  KvBlock own() {
    return own;
  }

  /** Operator that appends to keys and values, and attends over them. */
  private interface Attending {
    Tensor over(Tensor keys, Tensor values);
  }

  /**
   * Runs an operator on contiguous keys and values: those of several blocks are concatenated for
   * the duration of a layer.
   */
  private Tensor withJoined(int layer, long tokens, Attending attending) {
    if (shared.isEmpty() && own.first(layer) == 0) {
      return attending.over(own.keys(layer), own.values(layer));
    }
    long length = length();
    try (KvBlock joined = own.emptyLike(layer, length + tokens)) {
      if (own.first(layer) > 0) {
        joined.clear();
      }
      for (Piece piece : pieces(0, length)) {
        joined.copy(0, piece.place(), piece.block(), layer, piece.from(), piece.tokens());
      }
      Tensor attended = attending.over(joined.keys(0), joined.values(0));
      for (Piece piece : pieces(length, length + tokens)) {
        piece.block().copy(layer, piece.from(), joined, 0, piece.place(), piece.tokens());
      }
      return attended;
    }
  }

  /** A range of positions in a block. */
  record Piece(KvBlock block, long from, long place, long tokens) {}

  /** Finds a range of positions. */
  List<Piece> pieces(long from, long to) {
    List<Piece> pieces = new ArrayList<>();
    for (Part part : parts()) {
      long place = Math.max(from, part.start());
      long tokens = Math.min(to, part.start() + part.tokens()) - place;
      if (tokens > 0) {
        pieces.add(new Piece(part.block(), place - part.start(), place, tokens));
      }
    }
    return pieces;
  }

  /**
   * Returns the memory of all keys, values and states, in bytes, including room for further tokens
   * and shared blocks.
   */
  public long bytes() {
    return bytes(List.of(this));
  }

  /** Returns the memory of several caches, shared blocks counted once, in bytes. */
  public static long bytes(Collection<KvCache> caches) {
    Set<KvBlock> blocks = Collections.newSetFromMap(new IdentityHashMap<>());
    caches.stream()
        .flatMap(
            cache -> Stream.concat(cache.shared.stream().map(Part::block), Stream.of(cache.own)))
        .forEach(blocks::add);
    return blocks.stream().mapToLong(KvBlock::bytes).sum()
        + caches.stream().mapToLong(KvCache::heldStateBytes).sum();
  }

  private long heldStateBytes() {
    return states.bytes() + (saved == null ? 0 : saved.bytes());
  }

  /** Removes all tokens, so that the sequence can be processed again. */
  public void clear() {
    if (!shared.isEmpty()) {
      throw new IllegalStateException("Others use the first tokens of this cache");
    }
    states.clear();
    savedAt = -1;
    own.fill(0);
  }

  /** Saves the states, if there are any, so that {@link #rollBack} can return to this length. */
  public void checkpoint() {
    if (hasStates()) {
      if (saved == null) {
        saved = new LayerStates(own.layers(), own.rows());
      }
      saved.copyFrom(states);
      savedAt = length();
    }
  }

  /** Removes the tokens after the first ones; with states, those after the checkpoint too. */
  public void rollBack(long tokens) {
    if (!hasStates() || tokens == 0 || tokens == length()) {
      truncate(tokens);
      return;
    }
    if (saved == null || savedAt < 0 || savedAt > tokens) {
      throw new IllegalStateException("No states are saved of the first " + tokens + " tokens");
    }
    states.copyFrom(saved);
    cut(savedAt);
  }

  /** Frees the memory of the checkpoint. */
  public void dropCheckpoint() {
    if (saved != null) {
      saved.close();
      saved = null;
    }
    savedAt = -1;
  }

  /**
   * Removes the tokens after the first ones, which a cache that frees windows must still
   * {@linkplain #reaches reach}. Shared blocks stay unchanged for others; free room in them no
   * longer belongs to this cache.
   */
  public void truncate(long tokens) {
    requireHeld(tokens);
    states.requireWhole(tokens, length());
    if (tokens == 0) {
      states.clear();
    }
    cut(tokens);
  }

  /** Removes the tokens after the first ones, after which the given states were saved. */
  public void truncate(long tokens, LayerStates saved) {
    requireHeld(tokens);
    cut(tokens);
    states.copyFrom(saved);
  }

  private void requireHeld(long tokens) {
    if (tokens < 0 || tokens > length()) {
      throw new IllegalArgumentException("tokens: expected 0 to " + length() + ", found " + tokens);
    }
  }

  private void cut(long tokens) {
    if (!reaches(tokens)) {
      throw new IllegalArgumentException(
          "tokens: expected at least "
              + (sharedTokens() + own.firstPlace())
              + ", as windows free what is before, found "
              + tokens);
    }
    long common = sharedTokens();
    own.fill(Math.max(0, tokens - common));
    if (tokens < common) {
      List<Part> before = List.copyOf(shared);
      shareFrom(before, tokens);
      before.forEach(part -> part.block().close());
    }
  }

  /** Shares the parts of a text up to a position. */
  private void shareFrom(List<Part> parts, long tokens) {
    shared.clear();
    for (Part part : parts) {
      if (part.start() < tokens) {
        long count = Math.min(part.tokens(), tokens - part.start());
        shared.add(new Part(part.block().share(), part.start(), count));
      }
    }
    changes++;
  }

  /**
   * Creates a cache with the first tokens of this one. Blocks that are already shared are shared
   * with it too, unless they are short; the rest is copied.
   *
   * @return a cache, closed by the caller
   */
  public KvCache copy(long tokens, long capacity) {
    long common = Math.min(tokens, sharedTokens());
    return copy(tokens, capacity, common < SHORTEST_SHARED ? 0 : common);
  }

  /** Creates a cache with the first tokens of this one. */
  public KvCache copy(long tokens, long capacity, long common) {
    states.requireWhole(Math.min(tokens, length()), length());
    return copy(tokens, capacity, common, states);
  }

  private KvCache copy(long tokens, long capacity, long common, LayerStates after) {
    long end = Math.min(tokens, length());
    KvCache copy = new KvCache(own.emptyLike(capacity - common));
    copy.shareFrom(shared, common);
    copy.own.makeRoom(Math.max(0, end - common), 0);
    if (end > 0) {
      copy.states.copyFrom(after);
    }
    for (Piece piece : pieces(common, end)) {
      copy.own.copy(piece.place() - common, piece.block(), piece.from(), piece.tokens());
    }
    copy.own.fill(Math.max(0, end - common));
    return copy;
  }

  /**
   * Creates the cache of a text with the same prefix. Unless the prefix is short, both share it
   * from now on, including tokens not processed yet.
   */
  public KvCache branch(long tokens, long capacity) {
    shareBeginning(tokens);
    return copy(tokens, capacity);
  }

  /**
   * Creates the cache of a text with the same prefix, after which the given states were saved. Both
   * share its keys and values from now on, unless the prefix is short.
   */
  public KvCache branch(long tokens, long capacity, LayerStates saved) {
    requireHeld(tokens);
    shareBeginning(tokens);
    long common = Math.min(tokens, sharedTokens());
    return copy(tokens, capacity, common < SHORTEST_SHARED ? 0 : common, saved);
  }

  private void shareBeginning(long tokens) {
    long more = Math.min(tokens, capacity() - 1) - sharedTokens();
    boolean isWhole = own.firstPlace() == 0;
    if (isWhole && more >= SHORTEST_SHARED && shared.size() < MOST_SHARED) {
      share(more);
    }
  }

  /** Turns the first tokens that are not shared into a shared block. */
  private void share(long tokens) {
    KvBlock common = own.wholeLike(tokens);
    KvBlock rest;
    try {
      rest = own.emptyLike(own.capacity() - tokens);
    } catch (RuntimeException | Error e) {
      common.close();
      throw e;
    }
    common.fill(Math.min(tokens, own.filled()));
    common.copy(0, own, 0, common.filled());
    rest.makeRoom(own.filled() - common.filled(), 0);
    rest.fill(own.filled() - common.filled());
    rest.copy(0, own, tokens, rest.filled());
    shared.add(new Part(common, sharedTokens(), tokens));
    own.close();
    own = rest;
    changes++;
  }

  @Override
  public void advance(long tokens) {
    long left = tokens;
    for (Part part : shared) {
      long taken = Math.min(left, part.tokens() - part.held());
      if (taken > 0) {
        part.block().fill(part.held() + taken);
        left -= taken;
      }
    }
    own.fill(own.filled() + left);
  }

  @Override
  public void close() {
    close(shared, own);
    states.close();
    dropCheckpoint();
  }
}
