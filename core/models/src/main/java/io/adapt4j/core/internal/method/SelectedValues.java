package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Replacement values for some of a model's parameters; the base's values are kept. */
final class SelectedValues extends SwitchedValues {

  private final List<BaseTensor> tensors = new ArrayList<>();

  private SelectedValues() {}

  static SelectedValues of(Network network, Set<String> names) {
    SelectedValues values = new SelectedValues();
    for (Parameter parameter : network.parameters()) {
      for (Slice slice : parameter.slices()) {
        if (names.contains(slice.name())) {
          values.tensors.add(new BaseTensor(parameter, slice));
        }
      }
    }
    return values;
  }

  void train() {
    tensors.forEach(BaseTensor::train);
  }

  @Override
  List<Trainable> trained() {
    return tensors.stream().map(BaseTensor::trained).toList();
  }

  @Override
  void refresh() {
    tensors.stream().map(BaseTensor::parameter).distinct().forEach(Parameter::refresh);
  }

  @Override
  List<TensorData> tensors() {
    requireEnabled("saved");
    return tensors.stream()
        .map(
            tensor ->
                Weights.tensor(
                    tensor.name(), tensor.parameter().master(), tensor.slice(), StoredType.F32))
        .toList();
  }

  @Override
  void load(Path folder) {
    try (Checkpoint file = ValueFolder.SELECTION.open(folder)) {
      for (BaseTensor tensor : tensors) {
        try (Tensor rows = tensor.master()) {
          Weights.fill(rows, file, tensor.name(), tensor.slice().transposed());
        }
      }
    }
    refresh();
  }

  @Override
  protected void switched(boolean on) {
    tensors.forEach(tensor -> tensor.adapted(on));
  }

  @Override
  protected void detach() {
    tensors.forEach(BaseTensor::close);
  }
}
