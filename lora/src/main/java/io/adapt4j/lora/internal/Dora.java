package io.adapt4j.lora.internal;

import static io.adapt4j.lora.internal.LoraOperators.operator;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scratch;
import io.adapt4j.core.internal.tensor.Temporaries;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.function.Consumer;

/**
 * Weight-decomposed low-rank adaptation (DoRA, Liu et al. 2024, eq. 5): the rows of W + scale B A
 * get the magnitudes of a trained vector. The gain of a row is its trained magnitude over its
 * actual norm, which is a constant in the backward pass (section 4.3).
 */
public final class Dora {

  private static final Operator RESCALE = operator("rescale").needing(Temporaries.floats(0, 0, 2));
  private static final Operator RESCALE_BACKWARD =
      operator("rescale_backward").needing(Temporaries.floats(0, 2, 4));

  /**
   * Temporaries: the products with the weight and with the matrices, and their sum with its gain in
   * F32.
   */
  private static final Operator DORA_DROPPED =
      operator("dora_dropped").needing(outputs(1, 2, 2, 2));

  /** Temporaries: three F32 tensors of the projection's size, and two input gradients. */
  private static final Operator DORA_DROPPED_BACKWARD =
      operator("dora_dropped_backward").needing(Temporaries.like(1, 2).and(outputs(1, 2, 3, 3)));

  private static final Operator ROW_SQUARES = operator("row_squares");
  private static final Operator ROW_MAGNITUDES = operator("row_magnitudes");
  private static final Operator DIVIDE_INTO = operator("divide_into");
  private static final Operator ADD_QUOTIENT = operator("add_quotient");
  private static final Operator DORA_MERGE = operator("dora_merge");

  private Dora() {}

  /** Returns the scratch memory for weight outputs in the compute type and in F32. */
  private static Scratch outputs(int input, int weight, int plain, int floats) {
    return arguments -> {
      Tensor x = (Tensor) arguments[input];
      long values = x.count() / x.size(-1) * ((Tensor) arguments[weight]).size(0);
      return values * (plain * x.type().bytes() + floats * Float.BYTES);
    };
  }

  /**
   * Multiplies the outputs of a layer: gain (x - bias) + bias, as if the rows of its weight were
   * multiplied. Saves x for backward.
   *
   * @param x a layer's output [.., out]
   * @param gain F32 [out]
   * @param bias the layer's bias [out], or null; it is trained through x and here
   */
  public static Tensor rescaled(
      Ops ops, Tensor x, Tensor gain, Parameter bias, Consumer<Tensor> gradient) {
    return ops.recorded(
        ops.isRecording(),
        RESCALE.tensor(x, gain, Parameter.valueOf(bias)),
        x,
        dy -> {
          Tensor[] d =
              RESCALE_BACKWARD.tensors(
                  dy, x, gain, Parameter.valueOf(bias), Parameter.gradientOf(bias));
          gradient.accept(d[1]);
          return d[0];
        },
        x);
  }

  /**
   * Tensors of one projection for {@link #update}.
   *
   * @param weight W [rows, in]
   * @param a [rank, in]
   * @param b [rows, rank], with any scale already inside
   * @param gain F32 [rows]
   */
  public record Projection(Tensor weight, Tensor a, Tensor b, Tensor gain, long start) {}

  /** Consumer of the gradients of one projection; they are closed when it returns. */
  @FunctionalInterface
  public interface ProjectionGradients {
    /** Accumulates the gradients. */
    void accept(Tensor da, Tensor db, Tensor dgain);
  }

  /**
   * Adds DoRA's change to some columns of y, for a projection whose input differs from the base
   * layer's by dropout: (gain - 1) W x + gain b a x. Saves x and W x + b a x for backward.
   *
   * @param y the base layer's output [.., out]
   * @param x the update's input [.., in]
   */
  public static Tensor update(
      Ops ops, Tensor y, Tensor x, Projection p, ProjectionGradients gradients) {
    Tensor[] made = DORA_DROPPED.tensors(y, x, p.weight, p.a, p.b, p.gain, p.start);
    return ops.recorded(
        ops.isRecording(),
        made[0],
        new Tensor[] {y, x},
        dy -> {
          Tensor[] d =
              DORA_DROPPED_BACKWARD.tensors(dy, x, p.weight, p.a, p.b, p.gain, p.start, made[1]);
          gradients.accept(d[1], d[2], d[3]);
          return new Tensor[] {dy, d[0]};
        },
        x,
        made[1]);
  }

  /**
   * Squares the magnitudes of a weight's rows.
   *
   * @param weight [rows, in], any floating type
   * @return F32 [rows]
   */
  public static Tensor squares(Tensor weight) {
    return ROW_SQUARES.tensor(weight);
  }

  /**
   * Computes the magnitudes of the rows of a weight with an update, without forming the sum.
   *
   * @param a F32 [rank, in]
   * @param b F32 [rows, rank]
   * @return F32 [rows]; 1e-12 for a row of zeros
   */
  public static Tensor magnitudes(Tensor weight, Tensor squares, Tensor a, Tensor b, double scale) {
    return ROW_MAGNITUDES.tensor(weight, squares, a, b, scale);
  }

  public static void divide(Tensor target, Tensor numerator, Tensor denominator) {
    DIVIDE_INTO.run(target, numerator, denominator);
  }

  public static void addQuotient(Tensor target, Tensor numerator, Tensor denominator) {
    ADD_QUOTIENT.run(target, numerator, denominator);
  }

  /**
   * Applies an update and new magnitudes to a weight in place; computed in fp32 and rounded once.
   *
   * @param gain F32 [rows], multiplies the rows of the sum
   */
  public static void merge(Tensor weight, Tensor a, Tensor b, double scale, Tensor gain) {
    DORA_MERGE.run(weight, a, b, scale, gain);
  }
}
