package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Value head: a linear layer that predicts the expected reward from the hidden state before a
 * token. It is initialized to 0, so that the first values are 0, and trains with the policy, whose
 * network it shares.
 */
public final class ValueHead implements AutoCloseable {

  /** File next to the adapter or model; its tensors are named as in TRL. */
  static final String FILE = "value_head.safetensors";

  private static final String NAME = "v_head.summary.";

  private final Parameter weight;
  private final Parameter bias;

  private ValueHead(int hidden) {
    weight = Parameter.of(NAME + "weight", 1, hidden);
    bias = Parameter.of(NAME + "bias", 1);
  }

  static ValueHead create(int hidden, DType type) {
    ValueHead head = new ValueHead(hidden);
    for (Parameter parameter : head.parameters()) {
      parameter.allocate(type);
      try (Tensor zeros = Tensor.zeros(DType.F32, parameter.sizes())) {
        parameter.value().copyFrom(zeros);
      }
      parameter.train();
    }
    return head;
  }

  private List<Parameter> parameters() {
    return List.of(weight, bias);
  }

  /** Returns the values of hidden states: [N, H] to [N, 1]. */
  Tensor forward(Ops ops, Tensor hidden) {
    return ops.linear(hidden, weight, bias);
  }

  Stream<Parameter.Trainable> trained() {
    return parameters().stream().flatMap(parameter -> parameter.trained().stream());
  }

  void refresh() {
    parameters().forEach(Parameter::refresh);
  }

  void save(Path folder) {
    List<TensorData> tensors =
        parameters().stream()
            .map(
                parameter ->
                    Weights.tensor(
                        parameter.slices().get(0).name(),
                        parameter.master(),
                        parameter.slices().get(0),
                        StoredType.F32))
            .toList();
    SafetensorsWriter.create().writeFile(folder.resolve(FILE), tensors);
  }

  void restore(Path folder) {
    try (Checkpoint stored = Checkpoint.openFile(folder.resolve(FILE))) {
      for (Parameter parameter : parameters()) {
        Weights.fill(parameter.master(), stored, parameter.slices().get(0).name());
      }
    }
    refresh();
  }

  @Override
  public void close() {
    parameters().forEach(Parameter::close);
  }
}
