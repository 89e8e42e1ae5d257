package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of consecutive tokens, one pair per layer. Texts with a common prefix can share a
 * block, which the last user frees. Not thread safe.
 */
public final class KvBlock implements AutoCloseable {

  private final List<CacheShape> layers;
  private final long rows;
  private final DType type;

  /** Null for layers without keys. */
  private final List<@Nullable Tensor> keys = new ArrayList<>();

  /** Null too where the keys are the values. */
  private final List<@Nullable Tensor> values = new ArrayList<>();

  private final long capacity;

  /** Of each layer, the first token that has not been freed. */
  private final long[] first;

  private long filled;
  private int users = 1;

  /** Blocks that lie next to each other in memory, this one among them. */
  private List<KvBlock> neighbors = List.of();

  /** Creates an empty block. */
  KvBlock(List<CacheShape> layers, long rows, long capacity, DType type) {
    this.layers = List.copyOf(layers);
    this.rows = rows;
    this.capacity = capacity;
    this.first = new long[layers.size()];
    this.type = type;
    boolean complete = false;
    try {
      for (CacheShape layer : layers) {
        keys.add(empty(layer));
        values.add(layer.keysAreValues() ? null : empty(layer));
      }
      complete = true;
    } finally {
      if (!complete) {
        close();
      }
    }
  }

  private @Nullable Tensor empty(CacheShape layer) {
    return layer.keyValueHeads() == 0 ? null : empty(layer, layer.tokensHeld(capacity));
  }

  private Tensor empty(CacheShape layer, long room) {
    return Tensor.empty(layer.typeHeld(type), rows, layer.keyValueHeads(), room, layer.widthHeld())
        .own();
  }

  /** Creates an empty block for the same layers. */
  KvBlock emptyLike(long tokens) {
    return new KvBlock(layers, rows, tokens, type);
  }

  /** Creates an empty block for one of the layers, which frees nothing. */
  KvBlock emptyLike(int layer, long tokens) {
    return new KvBlock(List.of(layers.get(layer).within(0)), rows, tokens, type);
  }

  /** Fills a block with zeros, the value of freed tokens, which masks hide. */
  void clear() {
    try (Scope scope = Scope.open()) {
      Stream.concat(keys.stream(), values.stream())
          .filter(Objects::nonNull)
          .forEach(held -> held.copyFrom(Tensor.zeros(held.type(), 1)));
    }
  }

  /** Creates an empty block for the same layers, which frees nothing. */
  KvBlock wholeLike(long tokens) {
    return new KvBlock(layers.stream().map(layer -> layer.within(0)).toList(), rows, tokens, type);
  }

  /** Returns the first token of a layer that has not been freed: that of its tensors' index 0. */
  public long first(int layer) {
    return first[layer];
  }

  /** Returns whether layers free what no window sees any more. */
  boolean frees() {
    return layers.stream().anyMatch(layer -> layer.window() > 0);
  }

  /** Returns whether keys and values are in 8 bits wherever they can be, or else nowhere. */
  public boolean isAsMade(boolean inEightBits) {
    return layers.stream()
        .allMatch(
            layer -> layer.isInEightBits() == (inEightBits && layer.inEightBits().isInEightBits()));
  }

  /** Returns whether operators can read it together with those of other texts. */
  boolean isReadWithOthers() {
    return !frees() && layers.stream().noneMatch(CacheShape::isInEightBits);
  }

  /** Returns the first place after which tokens still see all of their windows. */
  public long firstPlace() {
    return IntStream.range(0, first.length)
        .filter(layer -> first[layer] > 0)
        .mapToLong(layer -> first[layer] + layers.get(layer).window() - 1)
        .max()
        .orElse(0);
  }

  /** Returns the end of the places that have room in all layers. */
  public long endPlace() {
    return IntStream.range(0, first.length)
        .filter(this::hasKeys)
        .mapToLong(layer -> first[layer] + keys(layer).size(2))
        .min()
        .orElse(capacity);
  }

  /**
   * Makes room for tokens behind the first ones: layers with a window free what no later token
   * sees.
   *
   * @return whether anything has moved
   */
  boolean makeRoom(long held, long tokens) {
    boolean moved = false;
    for (int layer = 0; layer < first.length; layer++) {
      CacheShape shape = layers.get(layer);
      if (shape.window() > 0 && hasKeys(layer)) {
        long room = keys(layer).size(2);
        long usual = shape.tokensHeld(capacity);
        long needed = held + tokens - Math.max(first[layer], held - (shape.window() - 1));
        if (held + tokens > first[layer] + room || (room > usual && needed <= usual)) {
          moveWindow(layer, held, tokens);
          moved = true;
        }
      }
    }
    return moved;
  }

  private void moveWindow(int layer, long held, long tokens) {
    CacheShape shape = layers.get(layer);
    long begin = Math.max(first[layer], held - (shape.window() - 1));
    long kept = Math.max(0, Math.min(held, filled) - begin);
    long room = Math.max(shape.tokensHeld(capacity), held + tokens - begin);
    move(keys, layer, begin, kept, room);
    if (!shape.keysAreValues()) {
      move(values, layer, begin, kept, room);
    }
    first[layer] = begin;
  }

  private void move(List<@Nullable Tensor> tensors, int layer, long begin, long kept, long room) {
    try (Scope scope = Scope.open()) {
      Tensor old = Objects.requireNonNull(tensors.get(layer));
      Tensor moved = empty(layers.get(layer), room);
      if (kept > 0) {
        copy(old, begin - first[layer], moved, 0, kept);
      }
      tensors.set(layer, moved);
      old.close();
    }
  }

  /**
   * Lays out blocks of one row next to each other, so that an operator can read all at once. Unused
   * places hold zeros, since what a mask hides must be finite.
   */
  static void join(List<KvBlock> blocks) {
    List<KvBlock> known = blocks.get(0).neighbors;
    if (known.equals(blocks) && blocks.stream().allMatch(block -> block.neighbors == known)) {
      return;
    }
    List<KvBlock> joined = List.copyOf(blocks);
    long room = joined.stream().mapToLong(KvBlock::capacity).max().orElseThrow();
    for (int layer = 0; layer < joined.get(0).layers.size(); layer++) {
      if (joined.get(0).hasKeys(layer)) {
        int index = layer;
        move(joined, block -> block.keys, index, room);
        if (!joined.get(0).layers.get(layer).keysAreValues()) {
          move(joined, block -> block.values, index, room);
        }
      }
    }
    joined.forEach(block -> block.neighbors = joined);
  }

  private static void move(
      List<KvBlock> blocks,
      Function<KvBlock, List<@Nullable Tensor>> tensors,
      int layer,
      long room) {
    try (Scope scope = Scope.open()) {
      CacheShape shape = blocks.get(0).layers.get(layer);
      Tensor all =
          Tensor.zeros(
              shape.typeHeld(blocks.get(0).type),
              blocks.size(),
              shape.keyValueHeads(),
              room,
              shape.widthHeld());
      for (int i = 0; i < blocks.size(); i++) {
        KvBlock block = blocks.get(i);
        Tensor old = Objects.requireNonNull(tensors.apply(block).get(layer));
        Tensor own = all.narrow(0, i, 1).own();
        tensors.apply(block).set(layer, own);
        if (block.filled > 0) {
          copy(old, 0, own, 0, block.filled);
        }
        old.close();
      }
    }
  }

  List<CacheShape> layers() {
    return layers;
  }

  long rows() {
    return rows;
  }

  /** Returns whether a layer has keys and values. */
  public boolean hasKeys(int layer) {
    return keys.get(layer) != null;
  }

  /**
   * Returns the keys of a layer: [rows, key-value heads, capacity, width]; this block closes it.
   */
  public Tensor keys(int layer) {
    return Objects.requireNonNull(keys.get(layer));
  }

  /** Returns the values of a layer. */
  public Tensor values(int layer) {
    return Objects.requireNonNull(
        layers.get(layer).keysAreValues() ? keys.get(layer) : values.get(layer));
  }

  /** Returns the type of the computation, which keys and values have unless they are in 8 bits. */
  DType type() {
    return type;
  }

  /** {@return the capacity in tokens} */
  public long capacity() {
    return capacity;
  }

  long filled() {
    return filled;
  }

  void fill(long tokens) {
    filled = tokens;
    if (tokens == 0) {
      Arrays.fill(first, 0);
    }
  }

  long bytes() {
    return IntStream.range(0, layers.size())
        .filter(this::hasKeys)
        .mapToLong(layer -> layers.get(layer).bytesPerToken(type) * rows * keys(layer).size(2))
        .sum();
  }

  /** Copies part of another block into this one, in all layers. */
  void copy(long at, KvBlock from, long place, long tokens) {
    for (int layer = 0; layer < layers.size(); layer++) {
      if (layers.get(layer).keyValueHeads() > 0) {
        copy(layer, at, from, layer, place, tokens);
      }
    }
  }

  /**
   * Copies part of another block's layer into a layer of this one, without what either has freed.
   */
  void copy(int layer, long at, KvBlock from, int fromLayer, long place, long tokens) {
    long freed = Math.max(0, Math.max(from.first[fromLayer] - place, first[layer] - at));
    long some = tokens - freed;
    if (some > 0) {
      long source = place + freed - from.first[fromLayer];
      long target = at + freed - first[layer];
      try (Scope scope = Scope.open()) {
        copy(from.keys(fromLayer), source, keys(layer), target, some);
        if (!layers.get(layer).keysAreValues()) {
          copy(from.values(fromLayer), source, values(layer), target, some);
        }
      }
    }
  }

  private static void copy(Tensor from, long place, Tensor to, long at, long tokens) {
    to.narrow(2, at, tokens).copyFrom(from.narrow(2, place, tokens));
  }

  /** {@return this block, with one more user} */
  KvBlock share() {
    users++;
    return this;
  }

  /** Frees the memory if this is the last user. */
  @Override
  public void close() {
    if (--users == 0) {
      Stream.concat(keys.stream(), values.stream()).filter(Objects::nonNull).forEach(Tensor::close);
    }
  }
}
