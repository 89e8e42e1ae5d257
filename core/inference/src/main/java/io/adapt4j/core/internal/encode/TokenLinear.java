package io.adapt4j.core.internal.encode;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.PickledTensors;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Linear layer W x + b on the hidden state of each token, stored in its own file next to a model
 * such as BAAI/bge-m3.
 */
public final class TokenLinear implements AutoCloseable {

  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";
  private static final String SAFE = ".safetensors";

  /** Name of the layer that computes token weights. */
  public static final String SPARSE = "sparse_linear";

  /** Name of the layer that computes token vectors. */
  public static final String COLBERT = "colbert_linear";

  private final String name;
  private final Parameter weight;
  private final Parameter bias;

  private TokenLinear(String name, Parameter weight, Parameter bias) {
    this.name = name;
    this.weight = weight;
    this.bias = bias;
  }

  /**
   * Creates a layer initialized like {@code torch.nn.Linear}: uniform between plus and minus the
   * inverse square root of the input width.
   */
  public static TokenLinear create(String name, int width, int hidden, DType type, long seed) {
    TokenLinear layer = declare(name, width, hidden, type);
    SplittableRandom random = new SplittableRandom(seed);
    double limit = 1 / Math.sqrt(hidden);
    for (Parameter parameter : layer.parameters()) {
      float[] values = new float[Math.toIntExact(parameter.value().count())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextDouble(-limit, limit);
      }
      try (Tensor first = Tensor.of(values, parameter.sizes())) {
        parameter.value().copyFrom(first);
      }
    }
    return layer;
  }

  private static TokenLinear declare(String name, long width, int hidden, DType type) {
    TokenLinear layer =
        new TokenLinear(
            name,
            Parameter.of(name + "." + WEIGHT, width, hidden),
            Parameter.of(name + "." + BIAS, width));
    layer.parameters().forEach(parameter -> parameter.allocate(type));
    return layer;
  }

  private List<Parameter> parameters() {
    return List.of(weight, bias);
  }

  /** Makes the layer trainable. */
  public void train() {
    parameters().forEach(Parameter::train);
  }

  /** {@return the trainable parameters} */
  public Stream<Parameter.Trainable> trained() {
    return parameters().stream().flatMap(parameter -> parameter.trained().stream());
  }

  /** Uses the current trained values from now on. */
  public void refresh() {
    parameters().forEach(Parameter::refresh);
  }

  /** Writes NAME.safetensors. */
  public void save(Path folder) {
    List<TensorData> tensors =
        List.of(
            Weights.tensor(WEIGHT, weight.master(), weight.slices().get(0), StoredType.F32),
            Weights.tensor(BIAS, bias.master(), bias.slices().get(0), StoredType.F32));
    SafetensorsWriter.create().writeFile(folder.resolve(name + SAFE), tensors);
  }

  /** Returns whether {@link #save} has written a layer to a folder. */
  static boolean isIn(Path folder, String name) {
    return Files.isRegularFile(folder.resolve(name + SAFE));
  }

  /** Reads a layer written by {@link #save}. */
  public void restore(Path folder) {
    try (Checkpoint stored = Checkpoint.openFile(folder.resolve(name + SAFE))) {
      Weights.fill(weight.master(), stored, WEIGHT);
      Weights.fill(bias.master(), stored, BIAS);
    }
    refresh();
  }

  /**
   * Reads a layer if a folder has it: NAME.safetensors, else NAME.pt, of which only a dictionary of
   * tensors is accepted.
   *
   * @return the layer, closed by the caller; empty if there is no such file
   */
  public static Optional<TokenLinear> read(Path folder, String name, int hidden, DType type) {
    Path safe = folder.resolve(name + SAFE);
    if (Files.isRegularFile(safe)) {
      return Optional.of(safe(name, safe, hidden, type));
    }
    Path pickled = folder.resolve(name + ".pt");
    return Files.isRegularFile(pickled)
        ? Optional.of(pickled(name, pickled, hidden, type))
        : Optional.empty();
  }

  private static TokenLinear declare(
      String name, Path file, List<Long> shape, int hidden, DType type) {
    if (shape.size() != 2 || shape.get(1) != hidden) {
      throw CheckpointException.inTensor(
          file,
          WEIGHT,
          "[.., " + hidden + "]",
          shape.toString(),
          "Use the files of one and the same model.");
    }
    return declare(name, shape.get(0), hidden, type);
  }

  private static TokenLinear safe(String name, Path file, int hidden, DType type) {
    try (Checkpoint checkpoint = Checkpoint.openFile(file)) {
      List<Long> shape = checkpoint.entry(WEIGHT).shape();
      TokenLinear layer = declare(name, file, shape, hidden, type);
      checkpoint.requireTensors(Map.of(WEIGHT, shape, BIAS, List.of(shape.get(0))));
      Weights.fill(layer.weight.value(), checkpoint, WEIGHT);
      Weights.fill(layer.bias.value(), checkpoint, BIAS);
      return layer;
    }
  }

  private static TokenLinear pickled(String name, Path file, int hidden, DType type) {
    Map<String, PickledTensors.Dense> tensors = PickledTensors.read(file);
    PickledTensors.Dense weight = tensors.get(WEIGHT);
    PickledTensors.Dense bias = tensors.get(BIAS);
    if (weight == null
        || bias == null
        || !bias.shape().equals(weight.shape().subList(0, Math.min(1, weight.shape().size())))) {
      throw new CheckpointException(
          file + ": expected the tensors weight and bias of one layer, found " + tensors.keySet());
    }
    TokenLinear layer = declare(name, file, weight.shape(), hidden, type);
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
   * @param hidden [B, T, hidden]
   * @return [B, T, {@link #width}]
   */
  public Tensor forward(Ops ops, Tensor hidden) {
    return ops.linear(hidden, weight, bias);
  }

  /** {@return the number of outputs per token} */
  public int width() {
    return Math.toIntExact(weight.sizes()[0]);
  }

  @Override
  public void close() {
    weight.close();
    bias.close();
  }
}
