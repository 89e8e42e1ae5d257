package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tokens chosen in one pass by layers whose choice later layers share. Masks live until the next
 * choice or, in training, which computes layers again for the gradient, until the end of the pass.
 */
public final class Choices implements AutoCloseable {

  private final NavigableMap<Integer, Kept> layers = new TreeMap<>();
  private boolean keepsAll;

  /** Forgets an earlier pass. */
  public void begin(boolean training) {
    close();
    keepsAll = training;
  }

  /** Returns the choice of a layer, which is made at its first use. */
  public Selection of(int layer, Supplier<Selection> selection) {
    if (!keepsAll) {
      layers.headMap(layer).values().forEach(Kept::close);
      layers.headMap(layer).clear();
    }
    return layers.computeIfAbsent(layer, any -> new Kept(selection.get()));
  }

  /** Returns the choice of the nearest layer before this one that made one. */
  public Selection before(int layer) {
    Map.Entry<Integer, Kept> nearest = layers.lowerEntry(layer);
    if (nearest == null) {
      throw new IllegalStateException("No layer before layer " + layer + " has chosen tokens");
    }
    return nearest.getValue();
  }

  /** Forgets the choice of a layer. */
  public void forget(int layer) {
    Kept choice = layers.remove(layer);
    if (choice != null) {
      choice.close();
    }
  }

  @Override
  public void close() {
    layers.values().forEach(Kept::close);
    layers.clear();
  }

  /** A choice that is computed once. */
  private static final class Kept implements Selection {

    private final Selection selection;
    private final Map<Long, Kept> parts = new HashMap<>();
    private @Nullable Tensor mask;

    Kept(Selection selection) {
      this.selection = selection;
    }

    @Override
    public int chosen() {
      return selection.chosen();
    }

    @Override
    public Tensor mask(Supplier<Tensor> keys, @Nullable Tensor allowed) {
      if (mask == null) {
        mask = selection.mask(keys, allowed).own();
      }
      return mask;
    }

    @Override
    public Selection of(long from, long tokens) {
      return parts.computeIfAbsent(from, any -> new Kept(selection.of(from, tokens)));
    }

    void close() {
      if (mask != null) {
        mask.close();
      }
      parts.values().forEach(Kept::close);
    }
  }
}
