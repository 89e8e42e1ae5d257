package io.adapt4j.core.internal.tensor;

import java.util.List;

/** Operations on many tensors at once, one native call each. */
public final class TensorLists {

  private static final Operator GLOBAL_NORM = Operator.core("global_norm");
  private static final Operator PULL = Operator.core("pull");
  private static final Operator SCALE_ALL = Operator.core("scale_all");
  private static final Operator ZERO_ALL = Operator.core("zero_all");
  private static final Operator REFRESH = Operator.core("refresh");
  private static final Operator ADD_ALL = Operator.core("add_all");
  private static final Operator ADD_SQUARES = Operator.core("add_squares");
  private static final Operator ADAMW_8BIT = Operator.core("adamw_8bit");
  private static final Operator ADAFACTOR = Operator.core("adafactor");
  private static final Operator LION = Operator.core("lion");
  private static final Operator SGD = Operator.core("sgd");
  private static final Operator ADAMW = Operator.core("adamw");

  private TensorLists() {}

  /** Returns the Euclidean norm over all elements: the norm; NaN or infinite if an element is. */
  public static double norm(List<Tensor> tensors) {
    return item(GLOBAL_NORM, tensors);
  }

  private static double item(Operator operator, Object... arguments) {
    try (Tensor number = operator.tensor(arguments)) {
      return number.item();
    }
  }

  /** Multiplies every element in place. */
  public static void scale(List<Tensor> tensors, double factor) {
    SCALE_ALL.run(tensors, factor);
  }

  /** Sets every element to zero in place. */
  public static void zero(List<Tensor> tensors) {
    ZERO_ALL.run(tensors);
  }

  /** Copies tensors pairwise, converting the type. */
  public static void copy(List<Tensor> targets, List<Tensor> sources) {
    REFRESH.run(targets, sources);
  }

  /** Adds tensors pairwise in place: sum += value. */
  public static void add(List<Tensor> sums, List<Tensor> values) {
    ADD_ALL.run(sums, values);
  }

  /** Adds squares in place: sum += value^2. */
  public static void addSquares(List<Tensor> sums, List<Tensor> values) {
    ADD_SQUARES.run(sums, values);
  }

  /**
   * Adds the gradient of a penalty on the distance from anchors: strength weight (value - anchor).
   */
  public static double pull(
      List<Tensor> values,
      List<Tensor> anchors,
      List<Tensor> weights,
      List<Tensor> gradients,
      double strength) {
    return item(PULL, values, anchors, weights, gradients, strength);
  }

  /**
   * The two moments of a value: each is one fp32 tensor, or 8-bit codes [blocks, 256] with a scale
   * per block.
   */
  public record Moments(List<Tensor> mean, List<Tensor> square) {}

  /** Performs one AdamW step on one value in place, with moments of either kind. */
  public static void adamW8bit(
      Tensor value,
      Tensor gradient,
      Moments moments,
      DynamicCode signed,
      DynamicCode unsigned,
      int step,
      double[] rates) {
    ADAMW_8BIT.run(
        value,
        gradient,
        moments.mean(),
        moments.square(),
        List.of(signed.values(), signed.borders()),
        List.of(unsigned.values(), unsigned.borders()),
        step,
        rates[0],
        rates[1],
        rates[2],
        rates[3],
        rates[4]);
  }

  /** Performs one Adafactor step on one value in place. */
  public static void adafactor(
      Tensor value, Tensor gradient, List<Tensor> squares, double[] rates) {
    ADAFACTOR.run(value, gradient, squares, rates[0], rates[1], rates[2], rates[3], rates[4]);
  }

  /** Performs one Lion step in place. */
  public static void lion(
      List<Tensor> values,
      List<Tensor> decayed,
      List<Tensor> gradients,
      List<Tensor> means,
      double[] rates) {
    LION.run(values, decayed, gradients, means, rates[0], rates[1], rates[2], rates[3]);
  }

  /** Performs one step of stochastic gradient descent in place. */
  public static void sgd(
      List<Tensor> values,
      List<Tensor> gradients,
      List<Tensor> momenta,
      double[] decays,
      double rate,
      double momentum,
      boolean nesterov,
      boolean first) {
    SGD.run(values, gradients, momenta, decays, rate, momentum, nesterov, first);
  }

  /** Performs one AdamW step in place. */
  public static void adamW(
      List<Tensor> values,
      List<Tensor> decayed,
      List<Tensor> gradients,
      List<Tensor> means,
      List<Tensor> squares,
      List<Tensor> steps,
      double[] rates) {
    ADAMW.run(
        values, decayed, gradients, means, squares, steps, rates[0], rates[1], rates[2], rates[3],
        rates[4]);
  }
}
