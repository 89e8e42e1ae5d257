package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.nn.cache.LayerStates;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** States of a text's layers at some of its positions. Several texts can hold the same ones. */
final class Checkpoints implements AutoCloseable {

  /** States after some tokens; the last text that holds them frees them. */
  static final class Checkpoint {

    private final int tokens;
    private final LayerStates states;
    private int holders;
    private long used;

    Checkpoint(int tokens, LayerStates states, long now) {
      this.tokens = tokens;
      this.states = states;
      this.used = now;
    }

    int tokens() {
      return tokens;
    }

    LayerStates states() {
      return states;
    }

    long used() {
      return used;
    }

    void use(long now) {
      used = now;
    }

    private Checkpoint hold() {
      holders++;
      return this;
    }

    private void release() {
      if (--holders == 0) {
        states.close();
      }
    }
  }

  private final TreeMap<Integer, Checkpoint> byTokens = new TreeMap<>();

  void add(Checkpoint checkpoint) {
    Checkpoint former = byTokens.put(checkpoint.tokens, checkpoint.hold());
    if (former != null) {
      former.release();
    }
  }

  Collection<Checkpoint> all() {
    return List.copyOf(byTokens.values());
  }

  boolean hasAt(int tokens) {
    return byTokens.containsKey(tokens);
  }

  /** Returns the last checkpoint at or before a position. */
  Optional<Checkpoint> lastUpTo(int tokens) {
    return Optional.ofNullable(byTokens.floorEntry(tokens)).map(Map.Entry::getValue);
  }

  /** Returns the same checkpoints up to a position. */
  Checkpoints copyUpTo(int tokens) {
    Checkpoints copy = new Checkpoints();
    byTokens.headMap(tokens, true).values().forEach(copy::add);
    return copy;
  }

  /** Drops a checkpoint if this holds it. */
  void drop(Checkpoint checkpoint) {
    if (byTokens.remove(checkpoint.tokens, checkpoint)) {
      checkpoint.release();
    }
  }

  /** {@return the bytes of several texts' checkpoints, each counted once} */
  static long bytes(Collection<Checkpoints> texts) {
    Set<Checkpoint> all = Collections.newSetFromMap(new IdentityHashMap<>());
    all(texts).forEach(all::add);
    return all.stream().mapToLong(checkpoint -> checkpoint.states.bytes()).sum();
  }

  /** Returns the least recently used checkpoint of several texts, the shorter one of two. */
  static Optional<Checkpoint> leastRecent(Collection<Checkpoints> texts) {
    return all(texts)
        .min(Comparator.comparingLong(Checkpoint::used).thenComparingInt(Checkpoint::tokens));
  }

  private static Stream<Checkpoint> all(Collection<Checkpoints> texts) {
    return texts.stream().flatMap(text -> text.byTokens.values().stream());
  }

  @Override
  public void close() {
    byTokens.values().forEach(Checkpoint::release);
    byTokens.clear();
  }
}
