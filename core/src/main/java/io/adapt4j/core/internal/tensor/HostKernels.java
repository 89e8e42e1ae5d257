package io.adapt4j.core.internal.tensor;

import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Kernels that do in one pass over memory what operators do in several, for tensors in host memory,
 * where a module with them is present. Without them everything runs by operators. Found by {@link
 * ServiceLoader}; {@link FusedOps} chooses. Tensors are contiguous unless said otherwise.
 */
public interface HostKernels {

  /**
   * Returns whether rows of a type are normalized, gated and scored.
   *
   * @param type the type
   * @return whether they are
   */
  boolean hasRows(DType type);

  /**
   * Normalizes to mean 0 and variance 1.
   *
   * @param x [.., width]
   * @param added what is added to x before, like x, or null
   * @param weight [width], of the type of x
   * @param bias [width], of the type of x, or null
   * @param eps added to the variance
   * @param y takes the result, like x
   */
  void layerNorm(Tensor x, Tensor added, Tensor weight, Tensor bias, double eps, Tensor y);

  /**
   * Returns whether an activation is computed.
   *
   * @param activation the function
   * @return whether it is
   */
  boolean hasActivation(Activation activation);

  /**
   * act(x).
   *
   * @param x [.., width]
   * @param activation the function
   * @param y takes the result, like x; may be x
   */
  void activate(Tensor x, Activation activation, Tensor y);

  /**
   * Normalizes by the root mean square.
   *
   * @param x [.., width]
   * @param weight [width], of the type of x
   * @param offset added to the weight
   * @param eps added to the mean square
   * @param y takes the result, like x
   */
  void rmsNorm(Tensor x, Tensor weight, double offset, double eps, Tensor y);

  /**
   * Differentiates {@link #rmsNorm}.
   *
   * @param dy like x
   * @param x as there
   * @param weight as there
   * @param offset as there
   * @param eps as there
   * @param added added to dx, like x, or null
   * @param dx takes the derivative by x
   * @param dweight F32 [width] that the derivative by the weight is added to, or null
   */
  void rmsNormBackward(
      Tensor dy,
      Tensor x,
      Tensor weight,
      double offset,
      double eps,
      Tensor added,
      Tensor dx,
      Tensor dweight);

  /**
   * Returns whether a gate is computed.
   *
   * @param activation its function
   * @return whether it is
   */
  boolean hasGate(Activation activation);

  /**
   * act(gate) times up.
   *
   * @param x gate and up side by side [.., 2 width]
   * @param activation the function
   * @param y takes the result [.., width]
   */
  void gated(Tensor x, Activation activation, Tensor y);

  /**
   * Differentiates {@link #gated}.
   *
   * @param dy [.., width]
   * @param x as there
   * @param activation as there
   * @param dx takes the derivative, like x
   */
  void gatedBackward(Tensor dy, Tensor x, Activation activation, Tensor dx);

  /**
   * Sums cross-entropies of rows of logits.
   *
   * @param logits [rows, vocabulary]; with gradient they become the derivative of the sum by the
   *     scores that they were made from
   * @param targets I64 [rows]
   * @param weights F32 [rows] that multiply the terms, or null for 1
   * @param scale what scores were multiplied by
   * @param cap what they were capped by, or 0
   * @param gradient whether the derivative is wanted
   * @return the sum
   */
  double crossEntropy(
      Tensor logits, Tensor targets, Tensor weights, double scale, double cap, boolean gradient);

  /**
   * Returns whether matrices are multiplied faster than by libtorch.
   *
   * @param type of both
   * @param rows of the left one
   * @param depth summed over
   * @param columns of the right one
   * @return whether they are
   */
  boolean multiplies(DType type, long rows, long depth, long columns);

  /**
   * Multiplies: c = a b + bias, or a b added to c. Sums are formed in fp32 and rounded once.
   *
   * @param a [.., depth]
   * @param b [columns, depth] where transposed, else [depth, columns]
   * @param transposed which of the two
   * @param bias [columns], or null
   * @param c [.., columns]
   * @param added whether c is added to
   */
  void multiply(Tensor a, Tensor b, boolean transposed, Tensor bias, Tensor c, boolean added);

  /**
   * Multiplies two pairs of matrices and adds the products: c = a b + a2 b2 + bias, rounded once.
   *
   * @param a [.., depth]
   * @param b [columns, depth] where transposed, else [depth, columns]
   * @param a2 [.., depth2], depth2 even
   * @param b2 [columns, depth2] where transposed, else [depth2, columns]
   * @param transposed which of the two
   * @param bias [columns], or null
   * @param c [.., columns]
   */
  void multiplyPairs(
      Tensor a, Tensor b, Tensor a2, Tensor b2, boolean transposed, Tensor bias, Tensor c);

  /**
   * Multiplies the transpose of a matrix where {@link #multiplies} says so: a' b.
   *
   * @param a [.., m]
   * @param b [.., n], of as many rows
   * @param c [m, n]; F32, added to, or of the type of a, overwritten
   */
  void multiplyTransposed(Tensor a, Tensor b, Tensor c);

  /**
   * Returns whether attention over whole sequences is computed.
   *
   * @param type of queries, keys and values
   * @param dim entries a head
   * @return whether it is
   */
  boolean attends(DType type, long dim);

  /**
   * Scaled dot-product attention without a mask.
   *
   * @param q [B, H, T, D], of any strides as long as the entries of a head lie side by side
   * @param k [B, K, L, D], likewise; where the rule is causal the last query sees all keys
   * @param v [B, K, L, D], likewise
   * @param rule how scores are made and what is seen
   * @param y takes the heads side by side [B, T, H D]
   */
  void attend(Tensor q, Tensor k, Tensor v, AttentionRule rule, Tensor y);

  /**
   * Differentiates {@link #attend}.
   *
   * @param dy [B, T, H D]
   * @param q as there
   * @param k as there
   * @param v as there
   * @param rule as there
   * @param dq takes the derivative [B, H, T, D], entries of a head side by side
   * @param dk takes the derivative [B, K, L, D], likewise
   * @param dv takes the derivative [B, K, L, D], likewise
   */
  void attendBackward(
      Tensor dy, Tensor q, Tensor k, Tensor v, AttentionRule rule, Tensor dq, Tensor dk, Tensor dv);

  /**
   * Turns queries and keys by their positions and attends without a mask.
   *
   * @param projected queries, keys and values side by side [B, T, (H + K + K) D]
   * @param heads how they lie
   * @param table cosines and sines, contiguous, of the type of projected
   * @param rule how scores are made and what is seen
   * @param y takes the heads side by side [B, T, H D]
   */
  void attendRotated(
      Tensor projected, JoinedHeads heads, RotaryTable table, AttentionRule rule, Tensor y);

  /**
   * Differentiates {@link #attendRotated}.
   *
   * @param dy [B, T, H D]
   * @param projected as there
   * @param heads as there
   * @param table as there
   * @param rule as there
   * @param dprojected takes the derivative, like projected
   */
  void attendRotatedBackward(
      Tensor dy,
      Tensor projected,
      JoinedHeads heads,
      RotaryTable table,
      AttentionRule rule,
      Tensor dprojected);

  /**
   * Returns the kernels of this process.
   *
   * @return empty where no module has any that run here
   */
  static Optional<HostKernels> installed() {
    return Installed.kernels;
  }

  /**
   * Returns the kernels that multiply a tensor faster than libtorch.
   *
   * @param x [.., depth]
   * @param columns of the other matrix
   * @return empty where there are none for it, or x is not contiguous host memory
   */
  static Optional<HostKernels> multiplying(Tensor x, long columns) {
    long depth = x.size(-1);
    return x.engine().isOnHost() && x.isContiguous()
        ? installed()
            .filter(kernels -> kernels.multiplies(x.type(), x.count() / depth, depth, columns))
        : Optional.empty();
  }

  /**
   * Returns the kernels that multiply a tensor faster than libtorch, or will where only shapes are
   * computed now.
   *
   * @param x [.., depth]
   * @param columns of the other matrix
   * @return as of {@link #multiplying}
   */
  static Optional<HostKernels> planning(Tensor x, long columns) {
    if (!x.engine().isOnShapes()) {
      return multiplying(x, columns);
    }
    long depth = x.size(-1);
    return Engine.ofProcess().isOnHost()
        ? installed()
            .filter(kernels -> kernels.multiplies(x.type(), x.count() / depth, depth, columns))
        : Optional.empty();
  }

  /** Says which kernels there are; looked for once a process. */
  interface Provider {

    /**
     * Opens the kernels.
     *
     * @return empty where they do not run here
     */
    Optional<HostKernels> open();
  }

  /** The kernels of this process. */
  final class Installed {
    private static volatile Optional<HostKernels> kernels =
        ServiceLoader.load(Provider.class, Provider.class.getClassLoader())
            .findFirst()
            .flatMap(Provider::open);

    private Installed() {}

    /** Has others run from now on, for tests. */
    static void replace(Optional<HostKernels> others) {
      kernels = others;
    }
  }
}
