package io.adapt4j.core.internal.encode;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.PickledTensors;
import io.adapt4j.core.internal.nn.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** W x + b on the hidden state of each token, a file beside a model such as BAAI/bge-m3's. */
public final class TokenLinear implements AutoCloseable {

  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";

  private final Parameter weight;
  private final Parameter bias;

  private TokenLinear(Parameter weight, Parameter bias) {
    this.weight = weight;
    this.bias = bias;
  }

  /**
   * Reads a layer, if a folder has it: NAME.safetensors, else NAME.pt, of which only a dictionary
   * of tensors is read.
   *
   * @param folder the model's folder
   * @param name the file's name without its ending
   * @param hidden width of the hidden states
   * @param type the type to compute in
   * @return the layer, closed by the caller; empty where there is no such file
   */
  public static Optional<TokenLinear> read(Path folder, String name, int hidden, DType type) {
    Path safe = folder.resolve(name + ".safetensors");
    if (Files.isRegularFile(safe)) {
      return Optional.of(safe(safe, hidden, type));
    }
    Path pickled = folder.resolve(name + ".pt");
    return Files.isRegularFile(pickled)
        ? Optional.of(pickled(pickled, hidden, type))
        : Optional.empty();
  }

  private static TokenLinear declare(Path file, List<Long> shape, int hidden, DType type) {
    if (shape.size() != 2 || shape.get(1) != hidden) {
      throw CheckpointException.inTensor(
          file,
          WEIGHT,
          "[.., " + hidden + "]",
          shape.toString(),
          "Use the files of one and the same model.");
    }
    TokenLinear layer =
        new TokenLinear(
            Parameter.of(WEIGHT, shape.get(0), hidden), Parameter.of(BIAS, shape.get(0)));
    layer.weight.allocate(type);
    layer.bias.allocate(type);
    return layer;
  }

  private static TokenLinear safe(Path file, int hidden, DType type) {
    try (Checkpoint checkpoint = Checkpoint.openFile(file)) {
      List<Long> shape = checkpoint.entry(WEIGHT).shape();
      TokenLinear layer = declare(file, shape, hidden, type);
      checkpoint.requireTensors(Map.of(WEIGHT, shape, BIAS, List.of(shape.get(0))));
      Weights.fill(layer.weight.value(), checkpoint, WEIGHT);
      Weights.fill(layer.bias.value(), checkpoint, BIAS);
      return layer;
    }
  }

  private static TokenLinear pickled(Path file, int hidden, DType type) {
    Map<String, PickledTensors.Dense> tensors = PickledTensors.read(file);
    PickledTensors.Dense weight = tensors.get(WEIGHT);
    PickledTensors.Dense bias = tensors.get(BIAS);
    if (weight == null
        || bias == null
        || !bias.shape().equals(weight.shape().subList(0, Math.min(1, weight.shape().size())))) {
      throw new CheckpointException(
          file + ": expected the tensors weight and bias of one layer, found " + tensors.keySet());
    }
    TokenLinear layer = declare(file, weight.shape(), hidden, type);
    copy(weight, layer.weight);
    copy(bias, layer.bias);
    return layer;
  }

  private static void copy(PickledTensors.Dense from, Parameter to) {
    try (Tensor values = Tensor.of(from.values(), to.sizes())) {
      to.value().copyFrom(values);
    }
  }

  /**
   * Applies the layer.
   *
   * @param ops the operators to use
   * @param hidden [B, T, hidden]
   * @return [B, T, {@link #width}]
   */
  public Tensor forward(Ops ops, Tensor hidden) {
    return ops.linear(hidden, weight, bias);
  }

  /** {@return outputs a token} */
  public int width() {
    return Math.toIntExact(weight.sizes()[0]);
  }

  @Override
  public void close() {
    weight.close();
    bias.close();
  }
}
