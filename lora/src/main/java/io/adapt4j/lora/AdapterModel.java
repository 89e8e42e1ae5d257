package io.adapt4j.lora;

import io.adapt4j.core.internal.method.BaseTensor;
import io.adapt4j.core.internal.nn.AttachedAdapter;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.HeadSlot;
import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.nn.LinearSlot;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Parameter.Slice;
import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A network with layers of an adapter in its linear places.
 *
 * @param <L> the layers
 */
abstract class AdapterModel<L extends AdapterLinear> implements AttachedAdapter {

  private final Network network;
  private final Map<LinearSlot, L> layers = new LinkedHashMap<>();
  private final List<BaseTensor> bases = new ArrayList<>();
  private final Optional<HeadSlot.Untied> untied;
  private boolean enabled = true;
  private boolean merged;
  private boolean closed;

  /**
   * Prepares a network for an adapter.
   *
   * @param network a model with weights
   * @param untiesHead whether its tied output head becomes its own matrix
   */
  AdapterModel(Network network, boolean untiesHead) {
    this.network = network;
    this.untied =
        untiesHead ? Optional.of(((Decoder) network).headSlot().untie()) : Optional.empty();
  }

  final Network network() {
    return network;
  }

  final Collection<L> layers() {
    return layers.values();
  }

  /** The base tensors that the adapter has values for. */
  final List<BaseTensor> bases() {
    return bases;
  }

  /** Takes base tensors under the adapter, which has values of its own for them. */
  final void takeBases(Set<String> names) {
    for (Parameter parameter : network.parameters()) {
      for (Slice slice : parameter.slices()) {
        if (names.contains(slice.name())) {
          bases.add(new BaseTensor(parameter, slice));
        }
      }
    }
  }

  /** Puts a layer made of the present one into a place. */
  final void put(LinearSlot slot, Function<Linear, L> layer) {
    slot.replace(
        base -> {
          L made = layer.apply(base);
          layers.put(slot, made);
          return made;
        });
  }

  /** Everything that trains, under PEFT's names. */
  abstract List<Trainable> trained();

  /** Brings what the model computes with up to date after the trained values changed. */
  abstract void refresh();

  final boolean isEnabled() {
    return enabled;
  }

  @Override
  public final void merge() {
    requireOpen();
    if (!enabled) {
      throw new IllegalStateException("Switch the adapter on before it is merged");
    }
    layers().forEach(AdapterLinear::plain);
    layers().forEach(AdapterLinear::merge);
    merged = true;
  }

  @Override
  public final void unmerge() {
    requireOpen();
    layers().forEach(AdapterLinear::unmerge);
    merged = false;
  }

  @Override
  public final void enabled(boolean on) {
    requireOpen();
    if (merged && !on) {
      throw new IllegalStateException("Unmerge the adapter before it is switched off");
    }
    enabled = on;
    layers().forEach(layer -> layer.enabled(on));
    bases.forEach(base -> base.adapted(on));
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("This adapter has been taken off its model");
    }
  }

  @Override
  public final void close() {
    if (closed) {
      return;
    }
    closed = true;
    boolean modelIsOpen = !network.embedding().value().isClosed();
    if (merged && modelIsOpen) {
      layers().forEach(AdapterLinear::unmerge);
    }
    layers.forEach((slot, layer) -> slot.replace(layer::detach));
    bases.forEach(BaseTensor::close);
    if (modelIsOpen) {
      untied.ifPresent(HeadSlot.Untied::close);
    }
  }
}
