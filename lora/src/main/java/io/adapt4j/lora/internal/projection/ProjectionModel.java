package io.adapt4j.lora.internal.projection;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.lora.internal.adapter.AdapterModel;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A network with an adapter of one of these kinds. */
final class ProjectionModel extends AdapterModel<ProjectionLayer> {

  private final ProjectionPlan plan;

  private ProjectionModel(Network network, ProjectionPlan plan) {
    super(network, plan.saved().untiesHead());
    this.plan = plan;
  }

  /** Attaches updates without effect to a network, for a plan without problems. */
  static ProjectionModel attach(Network network, ProjectionPlan plan) {
    if (!plan.problems().isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", plan.problems()));
    }
    ProjectionModel model = new ProjectionModel(network, plan);
    model.putAll(
        plan.sites(), Site::slot, (base, sites) -> plan.layer(base, sites, network.type()));
    model.takeBases(Set.copyOf(plan.saved().tensors()));
    return model;
  }

  /** Returns a function that attaches a plan's updates to single layers, for passes on shapes. */
  static TrainableSummary.Adapters adapters(ProjectionPlan plan) {
    Map<Integer, List<Site>> bySlot = AdapterModel.bySlot(plan.sites(), Site::slot);
    return (base, slot, type) -> {
      if (!bySlot.containsKey(slot)) {
        return base;
      }
      ProjectionLayer adapter = plan.layer(base, bySlot.get(slot), type);
      adapter.train();
      return adapter;
    };
  }

  ProjectionPlan plan() {
    return plan;
  }

  /** Sets the initial values; the same seed gives the same. */
  void initialize(long seed) {
    layers().forEach(layer -> layer.initialize(seed));
    refresh();
  }

  @Override
  public String stored(String base) {
    return PeftNames.base(base);
  }

  /** Loads everything from a file that matches the plan. */
  void load(Checkpoint file) {
    layers().forEach(layer -> layer.load(file));
    loadBases(file);
    refresh();
  }

  @Override
  public List<TensorData> layerTensors() {
    return layers().stream().flatMap(layer -> layer.tensors().stream()).toList();
  }
}
