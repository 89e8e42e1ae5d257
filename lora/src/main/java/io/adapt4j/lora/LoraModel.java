package io.adapt4j.lora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.method.BaseTensor;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.lora.internal.adapter.AdapterModel;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import io.adapt4j.lora.internal.layer.LayerFile;
import io.adapt4j.lora.internal.layer.LoftQ;
import io.adapt4j.lora.internal.layer.LoraLinear;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** A network with a LoRA adapter: the A and B matrices in its linear slots and the base tensors. */
final class LoraModel extends AdapterModel<LoraLinear> {

  private final AdapterPlan plan;

  private LoraModel(Network network, AdapterPlan plan) {
    super(network, plan.untiesHead());
    this.plan = plan;
  }

  /** Attaches layers with uninitialized A and B to a network. */
  static LoraModel attach(Network network, AdapterPlan plan, AdapterConfig config) {
    if (!plan.problems().isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", plan.problems()));
    }
    LoraModel model = new LoraModel(network, plan);
    int[] place = new int[1];
    model.putAll(
        plan.adapted(),
        AdaptedPart::slot,
        (base, own) -> {
          int first = place[0];
          place[0] += own.size();
          return new LoraLinear(
              base,
              own,
              network.type(),
              config.dropout(),
              config.initial().leavesResidual(),
              first);
        });
    model.takeBases(plan.shapes().keySet());
    model.putTables(plan.tables(), config.tiesEmbeddings());
    return model;
  }

  /** Returns a function that attaches a plan's adapters to single layers, for passes on shapes. */
  static TrainableSummary.Adapters adapters(AdapterPlan plan, AdapterConfig config) {
    Map<Integer, List<AdaptedPart>> bySlot = AdapterModel.bySlot(plan.adapted(), AdaptedPart::slot);
    return (base, slot, type) -> {
      if (!bySlot.containsKey(slot)) {
        return base;
      }
      LoraLinear adapter =
          new LoraLinear(
              base, bySlot.get(slot), type, config.dropout(), config.initial().leavesResidual(), 0);
      adapter.train();
      return adapter;
    };
  }

  @Override
  public boolean isLowRank() {
    return isLayersOnly() && layers().stream().allMatch(LoraLinear::isLowRank);
  }

  AdapterPlan plan() {
    return plan;
  }

  /** Returns the plan of another configuration for this model. */
  AdapterPlan planOf(AdapterConfig config) {
    return AdapterPlan.of(config, network());
  }

  /** Initializes all matrices; the same seed gives the same values. */
  void initialize(LoraInit kind, long seed) {
    Initializer initializer = new Initializer(kind, seed);
    layers().forEach(initializer::fill);
    tables().forEach(table -> table.initialize(seed));
    adoptTies();
    refresh();
  }

  /** Sets the A matrices of some projections, by path. */
  void start(Map<String, Tensor> directions) {
    for (LoraLinear layer : layers()) {
      for (int i = 0; i < layer.adapted().size(); i++) {
        Tensor found = directions.get(layer.adapted().get(i).part().path());
        if (found != null) {
          try (Tensor a = layer.factors().a(i)) {
            a.copyFrom(found);
          }
        }
      }
    }
    refresh();
  }

  /**
   * Subtracts initial values taken from the base weight again, as PEFT does whenever it loads such
   * an adapter.
   */
  void repeatInitial(AdapterConfig stored) {
    if (stored.loftq().isUsed()) {
      quantizeBase(stored.loftq());
    }
    if (stored.initial().leavesResidual()) {
      initialize(stored.initial(), 0);
    }
  }

  /** Replaces the base's weights by LoftQ's while the adapter is on. */
  private void quantizeBase(LoftQ loftq) {
    for (LoraLinear layer : layers()) {
      if (layer.innermost() instanceof QuantizedLinear && loftq.iterations() == 1) {
        continue; // already held in these bits
      }
      for (AdaptedPart adapted : layer.adapted()) {
        String weight = adapted.origin() + ".weight";
        for (BaseTensor base : takeUnder(weight)) {
          try (Scope scope = Scope.open();
              Tensor rows = base.master()) {
            rows.copyFrom(loftq.base(rows, adapted.rank(), adapted.transposed()));
          }
          base.parameter().refresh();
        }
      }
    }
  }

  /** Copies the values of the layers of a model with the same plan. */
  void copyFrom(LoraModel other) {
    Iterator<LoraLinear> originals = other.layers().iterator();
    layers().forEach(layer -> layer.copyFrom(originals.next()));
    refresh();
  }

  /** Loads everything from an adapter file that matches the plan. */
  void load(Checkpoint checkpoint) {
    layers().forEach(layer -> LayerFile.load(layer, checkpoint));
    tables().forEach(table -> table.load(checkpoint));
    adoptTies();
    loadBases(checkpoint);
    refresh();
  }

  @Override
  public String stored(String base) {
    return PeftTensors.base(base, plan);
  }

  @Override
  public List<TensorData> layerTensors() {
    List<TensorData> tensors = new ArrayList<>();
    layers().forEach(layer -> tensors.addAll(LayerFile.tensors(layer)));
    for (BaseTensor base : bases()) {
      plan.copies()
          .forEach(
              (name, other) -> {
                if (other.equals(base.name())) {
                  tensors.add(
                      Weights.tensor(
                          PeftNames.base(name),
                          base.parameter().master(),
                          base.slice(),
                          StoredType.F32));
                }
              });
    }
    return tensors;
  }
}
