package io.adapt4j.core.internal.tensor;

import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Kernels that do in one pass over memory what operators do in several, for tensors in host memory,
 * where a module with them is present. Without them everything runs by operators. Found by {@link
 * ServiceLoader}; {@link FusedOps} chooses. Tensors are contiguous unless said otherwise.
 */
public interface HostKernels {

  /** Returns whether rows of a type are normalized, gated and scored. */
  boolean hasRows(DType type);

  /**
   * Normalizes to mean 0 and variance 1.
   *
   * @param x [.., width]
   * @param added what is added to x before, like x, or null
   * @param weight [width], of the type of x
   * @param bias [width], of the type of x, or null
   */
  void layerNorm(Tensor x, Tensor added, Tensor weight, Tensor bias, double eps, Tensor y);

  /** Returns whether an activation is computed. */
  boolean hasActivation(Activation activation);

  /** act(x). */
  void activate(Tensor x, Activation activation, Tensor y);

  /** Normalizes by the root mean square. */
  void rmsNorm(Tensor x, Tensor weight, double offset, double eps, Tensor y);

  /**
   * Differentiates {@link #rmsNorm}.
   *
   * @param added added to dx, like x, or null
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

  /** Returns whether a gate is computed. */
  boolean hasGate(Activation activation);

  /**
   * act(gate) times up.
   *
   * @param x gate and up side by side [.., 2 width]
   * @param y takes the result [.., width]
   */
  void gated(Tensor x, Activation activation, Tensor y);

  /**
   * Differentiates {@link #gated}.
   *
   * @param dy [.., width]
   */
  void gatedBackward(Tensor dy, Tensor x, Activation activation, Tensor dx);

  /**
   * Sums cross-entropies of rows of logits.
   *
   * @param logits [rows, vocabulary]; with gradient they become the derivative of the sum by the
   *     scores that they were made from
   * @param targets I64 [rows]
   * @param weights F32 [rows] that multiply the terms, or null for 1
   */
  double crossEntropy(
      Tensor logits, Tensor targets, Tensor weights, double scale, double cap, boolean gradient);

  /** Returns whether matrices are multiplied faster than by libtorch. */
  boolean multiplies(DType type, long rows, long depth, long columns);

  /**
   * Multiplies: c = a b + bias, or a b added to c. Sums are formed in fp32 and rounded once.
   *
   * @param a [.., depth]
   * @param b [columns, depth] where transposed, else [depth, columns]
   * @param bias [columns], or null
   * @param c [.., columns]
   */
  void multiply(Tensor a, Tensor b, boolean transposed, Tensor bias, Tensor c, boolean added);

  /**
   * Multiplies two pairs of matrices and adds the products: c = a b + a2 b2 + bias, rounded once.
   *
   * @param a2 [.., depth2], depth2 even
   * @param b2 [columns, depth2] where transposed, else [depth2, columns]
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

  /** Returns whether attention over whole sequences is computed. */
  boolean attends(DType type, long dim);

  /**
   * Scaled dot-product attention without a mask.
   *
   * @param q [B, H, T, D], of any strides as long as the entries of a head lie side by side
   * @param k [B, K, L, D], likewise; where the rule is causal the last query sees all keys
   * @param v [B, K, L, D], likewise
   * @param y takes the heads side by side [B, T, H D]
   */
  void attend(Tensor q, Tensor k, Tensor v, AttentionRule rule, Tensor y);

  /**
   * Differentiates {@link #attend}.
   *
   * @param dy [B, T, H D]
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
   */
  void attendRotated(
      Tensor projected, JoinedHeads heads, RotaryTable table, AttentionRule rule, Tensor y);

  /** Differentiates {@link #attendRotated}. */
  void attendRotatedBackward(
      Tensor dy,
      Tensor projected,
      JoinedHeads heads,
      RotaryTable table,
      AttentionRule rule,
      Tensor dprojected);

  /** Returns the kernels of this process. */
  static Optional<HostKernels> installed() {
    return Installed.kernels;
  }

  /**
   * Returns the kernels that multiply a tensor faster than libtorch.
   *
   * @param x [.., depth]
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

    /** Opens the kernels. */
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
