package io.adapt4j.lora.internal.ia3;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.lora.internal.adapter.AdapterModel;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A network with an (IA)3 adapter. */
final class Ia3Model extends AdapterModel<Ia3Linear> {

  private final Ia3Plan plan;

  private Ia3Model(Network network, Ia3Plan plan) {
    super(network, plan.saved().untiesHead());
    this.plan = plan;
  }

  /** Attaches vectors of ones to a network, for a plan without problems. */
  static Ia3Model attach(Network network, Ia3Plan plan) {
    if (!plan.problems().isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", plan.problems()));
    }
    Ia3Model model = new Ia3Model(network, plan);
    model.putAll(plan.scaled(), Ia3Linear.Scaled::slot, Ia3Linear::new);
    model.takeBases(Set.copyOf(plan.saved().tensors()));
    return model;
  }

  /** Returns a function that attaches a plan's vectors to single layers, for passes on shapes. */
  static TrainableSummary.Adapters adapters(Ia3Plan plan) {
    Map<Integer, List<Ia3Linear.Scaled>> bySlot =
        AdapterModel.bySlot(plan.scaled(), Ia3Linear.Scaled::slot);
    return (base, slot, type) -> {
      if (!bySlot.containsKey(slot)) {
        return base;
      }
      Ia3Linear adapter = new Ia3Linear(base, bySlot.get(slot));
      adapter.train();
      return adapter;
    };
  }

  Ia3Plan plan() {
    return plan;
  }

  @Override
  public String stored(String base) {
    return PeftNames.base(base);
  }

  /** Loads everything from a file that matches the plan. */
  void load(Checkpoint file) {
    for (Ia3Linear layer : layers()) {
      for (Slice slice : layer.vectors().slices()) {
        try (Tensor rows = layer.vectors().value().narrow(0, slice.start(), slice.rows())) {
          Weights.fill(rows, file, slice.name());
        }
      }
    }
    loadBases(file);
    refresh();
  }

  @Override
  public List<TensorData> layerTensors() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    plan.scaled().forEach(part -> shapes.put(part.name(), part.shape()));
    List<TensorData> tensors = new ArrayList<>();
    for (Ia3Linear layer : layers()) {
      Parameter vectors = layer.vectors();
      for (Slice slice : vectors.slices()) {
        TensorData plain = Weights.tensor(slice.name(), vectors.value(), slice, StoredType.F32);
        tensors.add(
            new TensorData(plain.name(), plain.type(), shapes.get(slice.name()), plain.content()));
      }
    }
    return tensors;
  }
}
