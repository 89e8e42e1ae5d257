package io.adapt4j.lora.internal.adapter;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.method.BaseTensor;
import io.adapt4j.core.internal.method.SwitchableAdapter;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.head.HeadSlot;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.internal.layer.AdapterLinear;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** A network with an adapter's layers in its linear slots. */
public abstract class AdapterModel<L extends AdapterLinear> extends SwitchableAdapter {

  private final Network network;
  private final Map<LinearSlot, L> layers = new LinkedHashMap<>();
  private final List<BaseTensor> bases = new ArrayList<>();
  private final List<BaseTensor> under = new ArrayList<>();
  private final List<TableUpdate> tables = new ArrayList<>();
  private final List<TableUpdate.Tie> ties = new ArrayList<>();
  private final Optional<HeadSlot.Untied> untied;

  public AdapterModel(Network network, boolean untiesHead) {
    this.network = network;
    this.untied =
        untiesHead ? Optional.of(((Decoder) network).headSlot().untie()) : Optional.empty();
  }

  public final Network network() {
    return network;
  }

  public final Collection<L> layers() {
    return layers.values();
  }

  public final List<BaseTensor> bases() {
    return bases;
  }

  /** Returns whether the adapter consists of its layers only. */
  public final boolean isLayersOnly() {
    return bases.isEmpty() && under.isEmpty() && tables.isEmpty() && untied.isEmpty();
  }

  /** Registers base tensors for which the adapter has its own values. */
  public final void takeBases(Set<String> names) {
    bases.addAll(find(names));
  }

  /** Registers a weight with different, frozen values under the adapter. */
  public final List<BaseTensor> takeUnder(String name) {
    List<BaseTensor> found = find(Set.of(name));
    under.addAll(found);
    return found;
  }

  private List<BaseTensor> find(Set<String> names) {
    List<BaseTensor> found = new ArrayList<>();
    for (Parameter parameter : network.allParameters()) {
      for (Slice slice : parameter.slices()) {
        if (names.contains(slice.name())) {
          found.add(new BaseTensor(parameter, slice));
        }
      }
    }
    return found;
  }

  /** Attaches updates to the embedding and the head, which may be tied. */
  public final void putTables(List<TableTarget> targets, boolean tied) {
    targets.forEach(target -> tables.add(new TableUpdate(target, network)));
    if (tied && tables.size() == 2 && tables.get(0).target().rank() > 0) {
      ties.add(new TableUpdate.Tie(tables.get(0), tables.get(1)));
    }
  }

  /** Returns the updates of the embedding and the head. */
  public final List<TableUpdate> tables() {
    return tables;
  }

  /** Copies newly set values to their tied counterparts. */
  public final void adoptTies() {
    ties.forEach(TableUpdate.Tie::adopt);
  }

  public final void collectGradients() {
    tables.forEach(TableUpdate::collectGradients);
  }

  /** Wraps each slot's layer that has parts to adapt. */
  public final <P> void putAll(
      List<P> parts, ToIntFunction<P> slot, BiFunction<Linear, List<P>, L> layer) {
    Map<Integer, List<P>> bySlot = bySlot(parts, slot);
    List<LinearSlot> slots = network.adaptableLinears();
    for (int i = 0; i < slots.size(); i++) {
      List<P> own = bySlot.get(i);
      if (own != null) {
        try (Scope scope = Scope.open(network.engine())) {
          put(slots.get(i), base -> layer.apply(base, own));
        }
      }
    }
  }

  /** Returns the parts of each slot, in their order. */
  public static <P> Map<Integer, List<P>> bySlot(List<P> parts, ToIntFunction<P> slot) {
    return parts.stream()
        .collect(Collectors.groupingBy(slot::applyAsInt, LinkedHashMap::new, Collectors.toList()));
  }

  /** Loads the base tensors from an adapter file, where one of them may be missing. */
  public final void loadBases(Checkpoint file) {
    for (BaseTensor base : bases) {
      String name = PeftNames.find(stored(base.name()), file.names());
      if (file.names().contains(name)) {
        try (Tensor rows = base.master()) {
          Weights.fill(rows, file, name, base.slice().transposed());
        }
      }
    }
  }

  /** Replaces the layer in a slot by one that wraps it. */
  public final void put(LinearSlot slot, Function<Linear, L> layer) {
    slot.replace(
        base -> {
          L made = layer.apply(base);
          made.owner(this);
          layers.put(slot, made);
          return made;
        });
  }

  /** Returns PEFT's name of a base tensor. */
  public abstract String stored(String base);

  /** Returns the layers' own tensors as PEFT stores them, in fp32. */
  public abstract List<TensorData> layerTensors();

  public final void train() {
    layers().forEach(AdapterLinear::train);
    bases.forEach(BaseTensor::train);
    tables.forEach(TableUpdate::train);
  }

  /** Returns all trainable tensors under PEFT's names. */
  public final List<Trainable> trained() {
    List<Trainable> trained = new ArrayList<>();
    layers().forEach(layer -> trained.addAll(layer.trained()));
    tables.forEach(table -> trained.addAll(table.trained()));
    for (BaseTensor base : bases) {
      Trainable parameter = base.trained();
      trained.add(new Trainable(stored(parameter.name()), parameter.value(), parameter.gradient()));
    }
    return trained;
  }

  /** Updates derived values after the trained values changed. */
  public final void refresh() {
    layers().forEach(AdapterLinear::refresh);
    ties.forEach(TableUpdate.Tie::join);
    tables.forEach(TableUpdate::refresh);
    bases.stream().map(BaseTensor::parameter).distinct().forEach(Parameter::refresh);
  }

  /** Returns the adapter's tensors as PEFT stores them, in fp32. */
  public final List<TensorData> tensors() {
    requireEnabled("saved");
    List<TensorData> tensors = new ArrayList<>(layerTensors());
    tables.forEach(table -> tensors.addAll(table.tensors()));
    for (BaseTensor base : bases) {
      tensors.add(
          Weights.tensor(
              stored(base.name()), base.parameter().master(), base.slice(), StoredType.F32));
    }
    return tensors;
  }

  @Override
  protected final void addToBase() {
    for (L layer : layers()) {
      layer.plain().parameters().forEach(Parameter::separate);
    }
    layers().forEach(AdapterLinear::merge);
  }

  @Override
  protected final void takeFromBase() {
    layers().forEach(AdapterLinear::unmerge);
  }

  @Override
  protected final void switched(boolean on) {
    layers().forEach(layer -> layer.enabled(on));
    under.forEach(base -> base.adapted(on));
    bases.forEach(base -> base.adapted(on));
    tables.forEach(table -> table.enabled(on));
  }

  @Override
  protected final void detach() {
    boolean modelIsOpen = !network.embedding().value().isClosed();
    if (isMerged() && modelIsOpen) {
      takeFromBase();
    }
    layers.forEach((slot, layer) -> slot.replace(layer::detach));
    bases.forEach(BaseTensor::close);
    under.forEach(BaseTensor::close);
    ties.forEach(TableUpdate.Tie::close);
    tables.forEach(TableUpdate::close);
    if (modelIsOpen) {
      untied.ifPresent(HeadSlot.Untied::close);
    }
  }
}
