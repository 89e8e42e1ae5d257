package io.adapt4j.core.train;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.checkpoint.StoredType;
import io.adapt4j.core.checkpoint.TensorData;
import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Parameter.Trained;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.core.engine.TensorLists;
import io.adapt4j.core.model.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2) as PyTorch computes it: p -= lr * decay * p, then
 * p -= lr * m' / (sqrt(v') + eps) with bias-corrected moments. One native call a step. Biases and
 * norm weights are not decayed.
 */
final class AdamW implements AutoCloseable {

  /**
   * Options.
   *
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param eps added to the root
   * @param weightDecay decoupled decay
   */
  record Options(double beta1, double beta2, double eps, double weightDecay) {
    static final Options DEFAULTS = new Options(0.9, 0.999, 1e-8, 0.0);
  }

  private static final Pattern UNDECAYED =
      Pattern.compile("bias|layernorm|rmsnorm|(?:^|\\.)norm(?:$|\\.)|_norm(?:$|\\.)");

  private final Options options;
  private final List<String> names;
  private final List<Tensor> values;
  private final List<Tensor> decayed;
  private final List<Tensor> gradients;
  private final List<Tensor> means = new ArrayList<>();
  private final List<Tensor> squares = new ArrayList<>();
  private final List<Tensor> steps = new ArrayList<>();

  AdamW(List<Trained> trained, Options options) {
    this.options = options;
    this.names = trained.stream().map(Trained::name).toList();
    this.values = trained.stream().map(Trained::value).toList();
    this.decayed = trained.stream().filter(one -> decays(one.name())).map(Trained::value).toList();
    this.gradients = trained.stream().map(Trained::gradient).toList();
    for (Tensor value : values) {
      means.add(Tensor.zeros(DType.F32, value.sizes()).own());
      squares.add(Tensor.zeros(DType.F32, value.sizes()).own());
      steps.add(Tensor.zeros(DType.F32).own());
    }
  }

  /** Whether a value of this name is decayed: all but biases and norm weights, as Transformers. */
  static boolean decays(String name) {
    return !UNDECAYED.matcher(name).find();
  }

  /** The Euclidean norm of all gradients together. */
  double gradientNorm() {
    return TensorLists.norm(gradients);
  }

  /** Multiplies all gradients. */
  void scaleGradients(double factor) {
    TensorLists.scale(gradients, factor);
  }

  /** Sets all gradients to zero. */
  void clearGradients() {
    TensorLists.zero(gradients);
  }

  /** Updates all values. */
  void step(double learningRate) {
    TensorLists.adamW(
        values,
        decayed,
        gradients,
        means,
        squares,
        steps,
        new double[] {
          learningRate, options.beta1(), options.beta2(), options.eps(), options.weightDecay()
        });
  }

  /** What an exact continuation needs: values and moments, under the values' names. */
  List<TensorData> state() {
    List<TensorData> state = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      state.add(tensor("value." + names.get(i), values.get(i)));
      state.add(tensor("mean." + names.get(i), means.get(i)));
      state.add(tensor("square." + names.get(i), squares.get(i)));
    }
    // A scalar has no rows to write, so the count of steps is stored as a vector of one.
    float[] count = {(float) steps.get(0).item()};
    Tensor stored = Tensor.of(count, 1);
    state.add(tensor("steps", stored));
    return state;
  }

  /** Takes over what {@link #state} gave. */
  void restore(Checkpoint state) {
    for (int i = 0; i < values.size(); i++) {
      Weights.fill(values.get(i), state, "value." + names.get(i));
      Weights.fill(means.get(i), state, "mean." + names.get(i));
      Weights.fill(squares.get(i), state, "square." + names.get(i));
    }
    try (Tensor stored = Tensor.empty(DType.F32, 1)) {
      Weights.fill(stored, state, "steps");
      try (Tensor count = Tensor.of(stored.toFloats())) {
        steps.forEach(step -> step.copyFrom(count));
      }
    }
  }

  private static TensorData tensor(String name, Tensor tensor) {
    return Weights.tensor(
        name, tensor, new Parameter.Slice(name, 0, tensor.size(0)), StoredType.F32);
  }

  @Override
  public void close() {
    Stream.of(means, squares, steps).flatMap(List::stream).forEach(Tensor::close);
  }
}
