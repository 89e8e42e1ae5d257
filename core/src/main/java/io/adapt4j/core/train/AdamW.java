package io.adapt4j.core.train;

import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.Parameter.Trained;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.core.engine.TensorLists;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2) as PyTorch computes it: p -= lr * decay * p, then
 * p -= lr * m' / (sqrt(v') + eps) with bias-corrected moments. At most two native calls a step.
 * Biases and norm weights are not decayed.
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
  private final int decayed;
  private final List<Trained> order;
  private final List<Tensor> values;
  private final List<Tensor> gradients;
  private final List<Tensor> means = new ArrayList<>();
  private final List<Tensor> squares = new ArrayList<>();
  private final List<Tensor> steps = new ArrayList<>();

  AdamW(List<Trained> trained, Options options) {
    this.options = options;
    List<Trained> decays = trained.stream().filter(one -> decays(one.name())).toList();
    List<Trained> rest = trained.stream().filter(one -> !decays(one.name())).toList();
    this.decayed = decays.size();
    this.order = Stream.concat(decays.stream(), rest.stream()).toList();
    this.values = order.stream().map(Trained::value).toList();
    this.gradients = order.stream().map(Trained::gradient).toList();
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
    step(learningRate, options.weightDecay(), 0, decayed);
    step(learningRate, 0, decayed, values.size());
  }

  private void step(double learningRate, double decay, int from, int to) {
    if (from < to) {
      TensorLists.adamW(
          values.subList(from, to),
          gradients.subList(from, to),
          means.subList(from, to),
          squares.subList(from, to),
          steps.subList(from, to),
          new double[] {learningRate, options.beta1(), options.beta2(), options.eps(), decay});
    }
  }

  @Override
  public void close() {
    Stream.of(means, squares, steps).flatMap(List::stream).forEach(Tensor::close);
  }
}
