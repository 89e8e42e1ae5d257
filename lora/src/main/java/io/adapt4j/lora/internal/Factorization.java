package io.adapt4j.lora.internal;

import static io.adapt4j.lora.internal.LoraOperators.operator;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;

/**
 * A factorization of a matrix into two thin ones. Computed in fp32; both tensors belong to the open
 * scope, else to the caller.
 *
 * @param left [rows, r]
 * @param right [r, columns]
 */
public record Factorization(Tensor left, Tensor right) {

  private static final Operator PRINCIPAL_FACTORS = operator("principal_factors");
  private static final Operator PRINCIPAL_FACTORS_OF_PRODUCT =
      operator("principal_factors_of_product");
  private static final Operator LEADING_QR = operator("leading_qr");

  private static final Operator WITHOUT_INTRUDERS = operator("without_intruders");

  private static Factorization of(Tensor[] parts) {
    return new Factorization(parts[0], parts[1]);
  }

  /**
   * Computes the best approximation of a rank: left and right singular vectors, each multiplied by
   * the square roots of the singular values.
   *
   * @param matrix [rows, columns], any floating type
   * @param iterations 0 for the exact decomposition; else the number of iterations on a random
   *     subspace from libtorch's generator (Halko et al. 2011)
   */
  public static Factorization principal(Tensor matrix, int rank, int iterations) {
    return of(PRINCIPAL_FACTORS.tensors(matrix, rank, iterations));
  }

  /**
   * Computes the best approximation of a product, without forming it.
   *
   * @param left F32 [rows, k]
   * @param right F32 [k, columns]
   */
  public static Factorization principalOfProduct(Tensor left, Tensor right, int rank) {
    return of(PRINCIPAL_FACTORS_OF_PRODUCT.tensors(left, right, rank));
  }

  /**
   * Limits that make a direction an intruder, and the share of it that is kept.
   *
   * @param threshold cosine below which one is an intruder
   */
  public record IntruderLimits(int directions, double threshold, double share) {}

  /** An update and the number of its intruders. */
  public record Reduced(Factorization update, int intruders) {}

  /** Returns this update, B and A, of a weight without its intruders, of the same rank. */
  public Reduced withoutIntruders(Tensor weight, double scale, IntruderLimits limits) {
    Tensor[] made =
        WITHOUT_INTRUDERS.tensors(
            weight, right, left, scale, limits.directions, limits.threshold, limits.share);
    return new Reduced(new Factorization(made[1], made[0]), (int) made[2].item());
  }

  /** Returns the first columns of Q and rows of R of a QR decomposition. */
  public static Factorization leadingQr(Tensor matrix, int rank) {
    return of(LEADING_QR.tensors(matrix, rank));
  }
}
