package io.adapt4j.lora.internal.layer;

import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.StackedLinear;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A linear layer that wraps another one and modifies its output. */
public abstract class AdapterLinear implements StackedLinear {

  private final List<Tensor> unmerged = new ArrayList<>();
  private Linear base;
  private boolean enabled = true;
  private boolean merged;
  private @Nullable AttachedAdapter owner;

  /**
   * Wraps a layer.
   *
   * @param base the layer, owned from now on
   */
  protected AdapterLinear(Linear base) {
    this.base = base;
  }

  @Override
  public final Linear base() {
    return base;
  }

  @Override
  public final void base(Linear other) {
    base = other;
  }

  /** Sets the adapter that the layer is part of. */
  public final void owner(AttachedAdapter adapter) {
    owner = adapter;
  }

  public final AttachedAdapter owner() {
    return Objects.requireNonNull(owner);
  }

  public abstract void train();

  /** Returns the tensors for the optimizer. */
  public abstract List<Trainable> trained();

  /** Updates derived values after the trained values changed. */
  public abstract void refresh();

  public final void enabled(boolean on) {
    enabled = on;
  }

  /** Returns whether the layer changes the base's output. */
  protected final boolean acts() {
    return enabled && !merged;
  }

  protected final boolean isMerged() {
    return merged;
  }

  /** Returns the layer that merging writes to. */
  public abstract DenseLinear plain();

  /** Merges the adapter into the base weight. */
  public final void merge() {
    if (!merged) {
      write();
      merged = true;
    }
  }

  /** Restores the base weight's own values. */
  public final void unmerge() {
    if (merged) {
      restore();
      closeUnmerged();
      merged = false;
    }
  }

  protected abstract void write();

  protected abstract void restore();

  /** Keeps values for {@link #restore}, in insertion order. */
  protected final void keep(Tensor values) {
    unmerged.add(values.own());
  }

  protected final Tensor kept(int index) {
    return unmerged.get(index);
  }

  private void closeUnmerged() {
    unmerged.forEach(Tensor::close);
    unmerged.clear();
  }

  /** Removes this layer from a stack of layers and frees its resources. */
  public final Linear detach(Linear top) {
    Linear left = StackedLinear.without(top, this);
    closeOwn();
    return left;
  }

  protected abstract void closeAdapter();

  private void closeOwn() {
    closeAdapter();
    closeUnmerged();
  }

  @Override
  public final void close() {
    base.close();
    closeOwn();
  }
}
