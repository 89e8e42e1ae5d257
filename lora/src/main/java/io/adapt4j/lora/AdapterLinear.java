package io.adapt4j.lora;

import io.adapt4j.core.internal.nn.AttachedAdapter;
import io.adapt4j.core.internal.nn.DenseLinear;
import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.nn.StackedLinear;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A linear layer that stands in front of another one and changes what it computes. */
abstract class AdapterLinear implements StackedLinear {

  private final List<Tensor> unmerged = new ArrayList<>();
  private Linear base;
  private boolean enabled = true;
  private boolean merged;
  private @Nullable AttachedAdapter owner;

  /**
   * Stands in front of a layer.
   *
   * @param base the layer, owned from now on
   */
  AdapterLinear(Linear base) {
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

  /** Says which adapter the layer is a part of. */
  final void owner(AttachedAdapter adapter) {
    owner = adapter;
  }

  final AttachedAdapter owner() {
    return Objects.requireNonNull(owner);
  }

  @Override
  public final List<Part> parts() {
    return base.parts();
  }

  @Override
  public final Linear innermost() {
    return base.innermost();
  }

  @Override
  public final long inFeatures() {
    return base.inFeatures();
  }

  @Override
  public final long outFeatures() {
    return base.outFeatures();
  }

  /** The base layer's only: the adapter's are no part of the checkpoint. */
  @Override
  public final List<Parameter> parameters() {
    return base.parameters();
  }

  abstract void train();

  /** What an optimizer sees. */
  abstract List<Trainable> trained();

  /** Brings what the layer computes with up to date after its values changed. */
  abstract void refresh();

  final void enabled(boolean on) {
    enabled = on;
  }

  /** Whether the layer has anything to do beside the base. */
  final boolean acts() {
    return enabled && !merged;
  }

  final boolean isMerged() {
    return merged;
  }

  /**
   * The layer that merging writes to.
   *
   * @throws IllegalStateException if it has no plain weight
   */
  abstract DenseLinear plain();

  /** Writes the adapter into the base weight. */
  final void merge() {
    if (!merged) {
      write();
      merged = true;
    }
  }

  /** Gives the base weight its values back. */
  final void unmerge() {
    if (merged) {
      restore();
      closeUnmerged();
      merged = false;
    }
  }

  abstract void write();

  abstract void restore();

  /** Keeps values that {@link #restore} needs, in the order in which they are added. */
  final void keep(Tensor values) {
    unmerged.add(values.own());
  }

  final Tensor kept(int index) {
    return unmerged.get(index);
  }

  private void closeUnmerged() {
    unmerged.forEach(Tensor::close);
    unmerged.clear();
  }

  /**
   * Takes this layer out of a stack of layers and frees what it owns.
   *
   * @param top the stack's top
   * @return the top of what is left
   * @throws IllegalStateException if a layer that cannot close the gap stands in front
   */
  final Linear detach(Linear top) {
    Linear left = StackedLinear.without(top, this);
    closeOwn();
    return left;
  }

  abstract void closeAdapter();

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
