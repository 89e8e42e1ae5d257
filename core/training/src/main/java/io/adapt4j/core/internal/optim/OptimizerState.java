package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Optimizer state: what is kept per parameter between steps, such as moments. Not thread safe. */
public abstract class OptimizerState implements AutoCloseable {

  private static final Pattern UNDECAYED =
      Pattern.compile("bias|layernorm|rmsnorm|(?:^|\\.)norm(?:$|\\.)|_norm(?:$|\\.)");

  private final List<Trainable> trained;
  private final StateMemory memory;
  private final Map<String, Tensor> moments = new LinkedHashMap<>();
  private int steps;

  OptimizerState(List<Trainable> trained) {
    this(trained, StateMemory.BESIDE_VALUES);
  }

  OptimizerState(List<Trainable> trained, StateMemory memory) {
    this.trained = List.copyOf(trained);
    this.memory = memory;
  }

  /**
   * Returns whether weight decay applies to a parameter of this name: to all but biases and norm
   * weights, as in Transformers.
   */
  static boolean decays(String name) {
    return !UNDECAYED.matcher(name).find();
  }

  /** Performs one step; {@link #steps} already includes it. */
  abstract void update(double learningRate);

  /** Updates all values. */
  public final void step(double learningRate) {
    steps++;
    update(learningRate);
    memory.settle(trained);
  }

  final List<Trainable> trained() {
    return trained;
  }

  final StateMemory memory() {
    return memory;
  }

  final List<Tensor> values() {
    return values(trained);
  }

  static List<Tensor> values(List<Trainable> some) {
    return some.stream().map(Trainable::value).toList();
  }

  final List<Tensor> decayedValues() {
    return decayedValues(trained);
  }

  static List<Tensor> decayedValues(List<Trainable> some) {
    return some.stream()
        .filter(parameter -> decays(parameter.name()))
        .map(Trainable::value)
        .toList();
  }

  final List<Tensor> gradients() {
    return gradients(trained);
  }

  static List<Tensor> gradients(List<Trainable> some) {
    return some.stream().map(Trainable::gradient).toList();
  }

  /** Returns the number of steps performed. */
  final int steps() {
    return steps;
  }

  /** Creates a zero tensor that is saved and closed with the state. */
  final Tensor moment(String name, DType type, long... sizes) {
    Tensor tensor = memory.zeros(type, sizes).own();
    moments.put(name, tensor);
    return tensor;
  }

  /** Creates one moment for each value, with its shape. */
  final List<Tensor> moments(String name) {
    List<Tensor> made = new ArrayList<>();
    for (Trainable parameter : trained) {
      made.add(moment(name + "." + parameter.name(), DType.F32, parameter.value().sizes()));
    }
    return made;
  }

  /** Returns values and moments for writing. */
  public final List<TensorData> save() {
    List<TensorData> saved = new ArrayList<>();
    trained.forEach(parameter -> saved.add(data("value." + parameter.name(), parameter.value())));
    moments.forEach((name, tensor) -> saved.add(data(name, tensor)));
    return saved;
  }

  public final void restore(Checkpoint saved, int performed) {
    trained.forEach(
        parameter -> Weights.fill(parameter.value(), saved, "value." + parameter.name()));
    moments.forEach((name, tensor) -> Weights.fill(tensor, saved, name));
    steps = performed;
    restored();
  }

  /** Returns whether other values than the trained ones are evaluated and saved. */
  public boolean averages() {
    return false;
  }

  /** Puts the values to evaluate and save in place of the trained ones. */
  public void average() {}

  /** Puts the trained values back. */
  public void train() {}

  /** Recomputes what depends on the number of steps. */
  void restored() {}

  private static TensorData data(String name, Tensor tensor) {
    StoredType type = tensor.type() == DType.U8 ? StoredType.U8 : StoredType.F32;
    return Weights.tensor(name, tensor, new Parameter.Slice(name, 0, tensor.size(0)), type);
  }

  /** Frees the moments. */
  @Override
  public void close() {
    moments.values().forEach(Tensor::close);
  }
}
