package io.adapt4j.lora;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.checkpoint.StoredType;
import io.adapt4j.core.checkpoint.TensorData;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Parameter.Slice;
import io.adapt4j.core.engine.Parameter.Trained;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.core.model.AttachedAdapter;
import io.adapt4j.core.model.Decoder;
import io.adapt4j.core.model.LinearSlot;
import io.adapt4j.core.model.Network;
import io.adapt4j.core.model.Weights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A network with an adapter on it: the factors in its linear places and the base tensors. */
final class LoraModel implements AttachedAdapter {

  private final Network network;
  private final AdapterPlan plan;
  private final Map<LinearSlot, LoraLinear> layers = new LinkedHashMap<>();
  private final List<BaseTensor> bases = new ArrayList<>();
  private boolean enabled = true;
  private boolean merged;
  private boolean closed;

  private LoraModel(Network network, AdapterPlan plan) {
    this.network = network;
    this.plan = plan;
  }

  /**
   * Puts layers with factors of undefined content into a network.
   *
   * @param network a model with weights
   * @param plan a plan without problems, made for it
   * @param config what the plan was made of
   */
  static LoraModel attach(Network network, AdapterPlan plan, AdapterConfig config) {
    if (!plan.problems().isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", plan.problems()));
    }
    LoraModel model = new LoraModel(network, plan);
    if (plan.untiesHead()) {
      ((Decoder) network).untieHead();
    }
    List<LinearSlot> slots = network.linears();
    long place = 0;
    for (int i = 0; i < slots.size(); i++) {
      int index = i;
      List<AdapterPlan.Adapted> own =
          plan.adapted().stream().filter(one -> one.slot() == index).toList();
      if (!own.isEmpty()) {
        long first = place;
        slots
            .get(i)
            .replace(
                base -> {
                  LoraLinear layer = new LoraLinear(base, own, network.type(), config, first);
                  model.layers.put(slots.get(index), layer);
                  return layer;
                });
        place += own.size();
      }
    }
    for (Parameter parameter : network.parameters()) {
      for (Slice slice : parameter.slices()) {
        if (plan.shapes().containsKey(slice.name())) {
          model.bases.add(new BaseTensor(parameter, slice));
        }
      }
    }
    return model;
  }

  AdapterPlan plan() {
    return plan;
  }

  /** What another configuration means for this model. */
  AdapterPlan planOf(AdapterConfig config) {
    return AdapterPlan.of(config, network);
  }

  /** Sets every factor to its initial values; the same seed gives the same ones. */
  void initialise(LoraInit kind, long seed) {
    Initialiser initialiser = new Initialiser(kind, seed);
    layers.values().forEach(initialiser::fill);
    refresh();
  }

  /** Fills everything from an adapter file that has been compared with the plan. */
  void load(Checkpoint checkpoint) {
    layers.values().forEach(layer -> LayerFile.load(layer, checkpoint));
    for (BaseTensor base : bases) {
      String name = PeftNames.find(PeftNames.base(base.name(), plan), checkpoint.names());
      if (checkpoint.names().contains(name)) {
        try (Tensor rows = base.master()) {
          Weights.fill(rows, checkpoint, name, base.slice().transposed());
        }
      }
    }
    refresh();
  }

  void train() {
    layers.values().forEach(LoraLinear::train);
    bases.forEach(BaseTensor::train);
  }

  /** Everything that trains, under PEFT's names. */
  List<Trained> trained() {
    List<Trained> trained = new ArrayList<>();
    layers.values().forEach(layer -> trained.addAll(layer.trained()));
    for (BaseTensor base : bases) {
      Trained one = base.trained();
      trained.add(new Trained(PeftNames.base(one.name(), plan), one.value(), one.gradient()));
    }
    return trained;
  }

  /** Brings what the model computes with up to date after the masters changed. */
  void refresh() {
    layers.values().forEach(LoraLinear::refresh);
    bases.stream().map(BaseTensor::parameter).distinct().forEach(Parameter::refresh);
  }

  /** The adapter's tensors as PEFT stores them, in fp32. */
  List<TensorData> tensors() {
    if (!enabled) {
      throw new IllegalStateException("Switch the adapter on before it is saved");
    }
    List<TensorData> tensors = new ArrayList<>();
    layers.values().forEach(layer -> tensors.addAll(LayerFile.tensors(layer)));
    for (BaseTensor base : bases) {
      tensors.add(
          Weights.tensor(
              PeftNames.base(base.name(), plan),
              base.parameter().master(),
              base.slice(),
              StoredType.F32));
    }
    return tensors;
  }

  @Override
  public void merge() {
    requireOpen();
    if (!enabled) {
      throw new IllegalStateException("Switch the adapter on before it is merged");
    }
    layers.values().forEach(LoraLinear::plain);
    layers.values().forEach(LoraLinear::merge);
    merged = true;
  }

  @Override
  public void unmerge() {
    requireOpen();
    layers.values().forEach(LoraLinear::unmerge);
    merged = false;
  }

  @Override
  public void enabled(boolean on) {
    requireOpen();
    if (merged && !on) {
      throw new IllegalStateException("Unmerge the adapter before it is switched off");
    }
    enabled = on;
    layers.values().forEach(layer -> layer.enabled(on));
    bases.forEach(base -> base.adapted(on));
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("This adapter has been taken off its model");
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    boolean modelIsOpen = !network.embedding().value().isClosed();
    if (merged && modelIsOpen) {
      layers.values().forEach(LoraLinear::unmerge);
    }
    layers.forEach((slot, layer) -> slot.replace(layer::detach));
    bases.forEach(BaseTensor::close);
    if (plan.untiesHead() && modelIsOpen) {
      ((Decoder) network).tieHead();
    }
  }
}
