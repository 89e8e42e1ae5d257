package io.adapt4j.core.internal.tensor;

import java.util.List;

/** Operations over many tensors at once, one native call each. */
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

  /**
   * The Euclidean norm of all elements together.
   *
   * @param tensors any shapes, at least one
   * @return the norm; NaN or infinite if an element is
   */
  public static double norm(List<Tensor> tensors) {
    return item(GLOBAL_NORM, tensors);
  }

  private static double item(Operator operator, Object... arguments) {
    try (Tensor number = operator.tensor(arguments)) {
      return number.item();
    }
  }

  /**
   * Multiplies every element in place.
   *
   * @param tensors any shapes
   * @param factor the multiplier
   */
  public static void scale(List<Tensor> tensors, double factor) {
    SCALE_ALL.run(tensors, factor);
  }

  /**
   * Sets every element to zero in place.
   *
   * @param tensors any shapes
   */
  public static void zero(List<Tensor> tensors) {
    ZERO_ALL.run(tensors);
  }

  /**
   * Copies tensors pairwise, converting the type.
   *
   * @param targets overwritten
   * @param sources of the same shapes
   */
  public static void copy(List<Tensor> targets, List<Tensor> sources) {
    REFRESH.run(targets, sources);
  }

  /**
   * Adds tensors pairwise in place: sum += value.
   *
   * @param sums F32
   * @param values F32, of the same shapes
   */
  public static void add(List<Tensor> sums, List<Tensor> values) {
    ADD_ALL.run(sums, values);
  }

  /**
   * Adds squares in place: sum += value^2.
   *
   * @param sums F32
   * @param values F32, of the same shapes
   */
  public static void addSquares(List<Tensor> sums, List<Tensor> values) {
    ADD_SQUARES.run(sums, values);
  }

  /**
   * Pulls values towards anchors: adds strength weight (value - anchor) to the gradients.
   *
   * @param values F32
   * @param anchors F32, one each
   * @param weights F32, one each; none for weights of 1
   * @param gradients F32, one each; changed
   * @param strength multiplies the term
   * @return strength / 2 times the sum of weight (value - anchor)^2
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
   * The two moments of a value: each one fp32 tensor, or 8-bit codes [blocks, 256] with a scale a
   * block.
   *
   * @param mean the first moment
   * @param square the second moment
   */
  public record Moments(List<Tensor> mean, List<Tensor> square) {}

  /**
   * One AdamW step of one value in place, with moments of either kind.
   *
   * @param value F32 parameter
   * @param gradient F32
   * @param moments its moments
   * @param signed the format of first moments
   * @param unsigned the format of second moments
   * @param step number of this step, from 1
   * @param rates learning rate, beta1, beta2, eps, weight decay
   */
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

  /**
   * One Adafactor step of one value in place.
   *
   * @param value F32 parameter
   * @param gradient F32
   * @param squares second moments: rows and columns of a matrix, or one like the value
   * @param rates learning rate, beta2, eps, clipping threshold, weight decay
   */
  public static void adafactor(
      Tensor value, Tensor gradient, List<Tensor> squares, double[] rates) {
    ADAFACTOR.run(value, gradient, squares, rates[0], rates[1], rates[2], rates[3], rates[4]);
  }

  /**
   * One Lion step in place.
   *
   * @param values F32 parameters
   * @param decayed those of them that are decayed
   * @param gradients F32, one each
   * @param means momenta
   * @param rates learning rate, beta1, beta2, weight decay
   */
  public static void lion(
      List<Tensor> values,
      List<Tensor> decayed,
      List<Tensor> gradients,
      List<Tensor> means,
      double[] rates) {
    LION.run(values, decayed, gradients, means, rates[0], rates[1], rates[2], rates[3]);
  }

  /**
   * One step of stochastic gradient descent in place.
   *
   * @param values F32 parameters
   * @param gradients F32, one each
   * @param momenta one each, or none at all
   * @param decays weight decay of each
   * @param rate learning rate
   * @param momentum decay of the momenta
   * @param nesterov whether the step looks ahead
   * @param first whether momenta begin with this gradient
   */
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

  /**
   * One AdamW step in place.
   *
   * @param values F32 parameters
   * @param decayed those of them that are decayed
   * @param gradients F32, one each
   * @param means first moments
   * @param squares second moments
   * @param steps F32 scalars counting each parameter's steps; incremented first
   * @param rates learning rate, beta1, beta2, eps, weight decay
   */
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
