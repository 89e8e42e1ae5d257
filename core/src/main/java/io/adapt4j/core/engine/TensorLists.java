package io.adapt4j.core.engine;

import java.util.List;

/** Operations over many tensors at once, one native call each. */
public final class TensorLists {

  private TensorLists() {}

  /**
   * The Euclidean norm of all elements together.
   *
   * @param tensors any shapes, at least one
   * @return the norm; NaN or infinite if an element is
   */
  public static double norm(List<Tensor> tensors) {
    return LibTorch.number("global_norm", tensors);
  }

  /**
   * Multiplies every element in place.
   *
   * @param tensors any shapes
   * @param factor the multiplier
   */
  public static void scale(List<Tensor> tensors, double factor) {
    LibTorch.run("scale_all", tensors, factor);
  }

  /**
   * Sets every element to zero in place.
   *
   * @param tensors any shapes
   */
  public static void zero(List<Tensor> tensors) {
    LibTorch.run("zero_all", tensors);
  }

  /**
   * Copies tensors pairwise, converting the type.
   *
   * @param targets overwritten
   * @param sources of the same shapes
   */
  public static void copy(List<Tensor> targets, List<Tensor> sources) {
    LibTorch.run("refresh", targets, sources);
  }

  /**
   * One AdamW step in place.
   *
   * @param values F32 parameters, at least one
   * @param gradients F32, one each
   * @param means first moments
   * @param squares second moments
   * @param steps F32 scalars counting each parameter's steps; incremented first
   * @param rates learning rate, beta1, beta2, eps, weight decay
   */
  public static void adamW(
      List<Tensor> values,
      List<Tensor> gradients,
      List<Tensor> means,
      List<Tensor> squares,
      List<Tensor> steps,
      double[] rates) {
    LibTorch.run(
        "adamw", values, gradients, means, squares, steps, rates[0], rates[1], rates[2], rates[3],
        rates[4]);
  }
}
