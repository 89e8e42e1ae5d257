package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.spi.WeightUpdate;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A network with user-defined updates on its linear layers. */
final class UpdateModel extends SwitchedValues {

  private final Map<LinearSlot, UpdateLinear> layers = new LinkedHashMap<>();

  private UpdateModel() {}

  /** Adds zero updates to an allocated network. */
  static UpdateModel attach(Network network, WeightUpdate update) {
    UpdateModel model = new UpdateModel();
    for (LinearSlot slot : network.layerLinears()) {
      Linear present = slot.linear();
      List<UpdatePart> updates = new ArrayList<>();
      for (Linear.Part part : present.parts()) {
        WeightUpdate.Projection projection = UpdatePart.projection(present, part);
        if (!update.parameters(projection).isEmpty()) {
          updates.add(new UpdatePart(update, part, projection));
        }
      }
      if (!updates.isEmpty()) {
        UpdateLinear layer = new UpdateLinear(present, updates, network.type());
        slot.replace(base -> layer);
        model.layers.put(slot, layer);
      }
    }
    return model;
  }

  /** Returns the shapes of all parameters of an update by their names in files. */
  static Map<String, List<Long>> shapes(Network declared, WeightUpdate update) {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    for (LinearSlot slot : declared.layerLinears()) {
      for (Linear.Part part : slot.parts()) {
        WeightUpdate.Projection projection = UpdatePart.projection(slot.linear(), part);
        UpdatePart.shapes(update, projection)
            .forEach(
                (name, sizes) -> {
                  List<Long> shape = new ArrayList<>();
                  for (long size : sizes) {
                    shape.add(size);
                  }
                  shapes.put(UpdatePart.path(projection, name), shape);
                });
      }
    }
    return shapes;
  }

  private List<Parameter> parameters() {
    return layers.values().stream()
        .flatMap(layer -> layer.updates().stream())
        .flatMap(update -> update.parameters().stream())
        .toList();
  }

  void train(long seed) {
    layers.values().forEach(UpdateLinear::train);
    layers.values().forEach(layer -> layer.updates().forEach(update -> update.initialize(seed)));
    refresh();
  }

  @Override
  List<Trainable> trained() {
    return parameters().stream().flatMap(parameter -> parameter.trained().stream()).toList();
  }

  @Override
  void refresh() {
    layers.values().forEach(UpdateLinear::refresh);
  }

  @Override
  void collectGradients() {
    layers.values().forEach(UpdateLinear::collectGradients);
  }

  @Override
  List<TensorData> tensors() {
    return parameters().stream()
        .map(
            parameter ->
                Weights.tensor(
                    parameter.slices().get(0).name(),
                    parameter.value(),
                    parameter.slices().get(0),
                    StoredType.F32))
        .toList();
  }

  @Override
  void load(Path folder) {
    try (Checkpoint file = ValueFolder.UPDATE.open(folder)) {
      for (Parameter parameter : parameters()) {
        Weights.fill(parameter.value(), file, parameter.slices().get(0).name());
      }
    }
    refresh();
  }

  @Override
  protected void switched(boolean on) {
    layers.values().forEach(layer -> layer.enabled(on));
  }

  @Override
  protected void detach() {
    layers.forEach((slot, layer) -> slot.replace(layer::detach));
  }
}
