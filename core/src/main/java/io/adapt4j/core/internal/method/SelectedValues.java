package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.AttachedAdapter;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.Weights;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Parameter.Slice;
import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Values of some of a model's parameters instead of the base's, which are kept beside. */
final class SelectedValues implements AttachedAdapter {

  private final List<BaseTensor> tensors = new ArrayList<>();
  private boolean enabled = true;
  private boolean merged;
  private boolean closed;

  private SelectedValues() {}

  /** Takes the parameters of some names. */
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

  List<Trainable> trained() {
    return tensors.stream().map(BaseTensor::trained).toList();
  }

  void refresh() {
    tensors.stream().map(BaseTensor::parameter).distinct().forEach(Parameter::refresh);
  }

  /** The values as checkpoints store them, in fp32. */
  List<TensorData> tensors() {
    if (!enabled) {
      throw new IllegalStateException("Switch the adapter on before it is saved");
    }
    return tensors.stream()
        .map(
            tensor ->
                Weights.tensor(
                    tensor.name(), tensor.parameter().master(), tensor.slice(), StoredType.F32))
        .toList();
  }

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

  /** The values are in the weights already. */
  @Override
  public void merge() {
    requireOpen();
    if (!enabled) {
      throw new IllegalStateException("Switch the adapter on before it is merged");
    }
    merged = true;
  }

  @Override
  public void unmerge() {
    requireOpen();
    merged = false;
  }

  @Override
  public void enabled(boolean on) {
    requireOpen();
    if (merged && !on) {
      throw new IllegalStateException("Unmerge the adapter before it is switched off");
    }
    enabled = on;
    tensors.forEach(tensor -> tensor.adapted(on));
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("This adapter has been taken off its model");
    }
  }

  @Override
  public void close() {
    closed = true;
    tensors.forEach(BaseTensor::close);
  }
}
