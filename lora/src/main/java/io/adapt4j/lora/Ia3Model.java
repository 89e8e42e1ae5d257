package io.adapt4j.lora;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.checkpoint.StoredType;
import io.adapt4j.core.checkpoint.TensorData;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Parameter.Slice;
import io.adapt4j.core.engine.Parameter.Trained;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.core.model.AttachedAdapter;
import io.adapt4j.core.model.LinearSlot;
import io.adapt4j.core.model.Network;
import io.adapt4j.core.model.Weights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A network whose projections are scaled by learned vectors. */
final class Ia3Model implements AttachedAdapter {

  private final Network network;
  private final Ia3Plan plan;
  private final Map<LinearSlot, Ia3Linear> layers = new LinkedHashMap<>();
  private boolean enabled = true;
  private boolean merged;
  private boolean closed;

  private Ia3Model(Network network, Ia3Plan plan) {
    this.network = network;
    this.plan = plan;
  }

  /** Puts vectors of ones into a network, for a plan without problems. */
  static Ia3Model attach(Network network, Ia3Plan plan) {
    if (!plan.problems().isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", plan.problems()));
    }
    Ia3Model model = new Ia3Model(network, plan);
    List<LinearSlot> slots = network.linears();
    for (int i = 0; i < slots.size(); i++) {
      int index = i;
      LinearSlot slot = slots.get(i);
      List<Ia3Plan.Scaled> own = plan.scaled().stream().filter(one -> one.slot() == index).toList();
      if (!own.isEmpty()) {
        slot.replace(
            base -> {
              Ia3Linear layer = new Ia3Linear(base, own);
              model.layers.put(slot, layer);
              return layer;
            });
      }
    }
    return model;
  }

  Ia3Plan plan() {
    return plan;
  }

  Network network() {
    return network;
  }

  void train() {
    layers.values().forEach(layer -> layer.vectors().train());
  }

  List<Trained> trained() {
    return layers.values().stream().flatMap(layer -> layer.trained().stream()).toList();
  }

  void refresh() {
    layers.values().forEach(Ia3Linear::refresh);
  }

  /** Fills the vectors from a file that has been compared with the plan. */
  void load(Checkpoint file) {
    for (Ia3Linear layer : layers.values()) {
      for (Slice slice : layer.vectors().slices()) {
        try (Tensor rows = layer.vectors().value().narrow(0, slice.start(), slice.rows())) {
          Weights.fill(rows, file, slice.name());
        }
      }
    }
    refresh();
  }

  /** The vectors as PEFT stores them, in fp32. */
  List<TensorData> tensors() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    plan.scaled().forEach(one -> shapes.put(one.name(), one.shape()));
    List<TensorData> tensors = new ArrayList<>();
    for (Ia3Linear layer : layers.values()) {
      Parameter vectors = layer.vectors();
      for (Slice slice : vectors.slices()) {
        TensorData plain = Weights.tensor(slice.name(), vectors.value(), slice, StoredType.F32);
        tensors.add(
            new TensorData(plain.name(), plain.type(), shapes.get(slice.name()), plain.content()));
      }
    }
    return tensors;
  }

  @Override
  public void merge() {
    requireOpen();
    if (!enabled) {
      throw new IllegalStateException("Switch the adapter on before it is merged");
    }
    layers.values().forEach(Ia3Linear::plain);
    layers.values().forEach(Ia3Linear::merge);
    merged = true;
  }

  @Override
  public void unmerge() {
    requireOpen();
    layers.values().forEach(Ia3Linear::unmerge);
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
    if (merged && !network.embedding().value().isClosed()) {
      layers.values().forEach(Ia3Linear::unmerge);
    }
    layers.forEach((slot, layer) -> slot.replace(layer::detach));
  }
}
