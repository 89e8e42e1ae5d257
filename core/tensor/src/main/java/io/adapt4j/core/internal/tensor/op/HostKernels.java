package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Engine;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Fused kernels for tensors in host memory: each replaces several passes over memory by one. They
 * are optional: {@link ServiceLoader} finds them if a module provides them, {@link FusedOps}
 * chooses, and without them every operator runs as a script. Tensors are contiguous unless stated
 * otherwise.
 */
public interface HostKernels {

  /** Returns whether normalization, gating and cross-entropy support a type. */
  boolean hasRows(DType type);

  /**
   * Layer normalization.
   *
   * @param x [.., width]
   * @param added tensor added to x first, with its shape, or null
   * @param weight [width], of the type of x
   * @param bias [width], of the type of x, or null
   */
  void layerNorm(Tensor x, Tensor added, Tensor weight, Tensor bias, double eps, Tensor y);

  boolean hasActivation(Activation activation);

  /** act(x). */
  void activate(Tensor x, Activation activation, Tensor y);

  /**
   * Restores vectors held in 8 bits.
   *
   * @param rows U8 [B, H, S, D + 4], of which tokens from one on are read
   * @param y [B, H, T, D], written from a place on
   */
  void restore(Tensor rows, long from, long count, Tensor y, long place);

  /** Root mean square normalization. */
  void rmsNorm(Tensor x, Tensor weight, double offset, double eps, Tensor y);

  /**
   * Backward pass of {@link #rmsNorm}.
   *
   * @param added added to dx, with the shape of x, or null
   * @param dweight F32 [width] to which the weight gradient is added, or null
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

  boolean hasGate(Activation activation);

  /**
   * act(gate) times up.
   *
   * @param x concatenated gate and up [.., 2 width]
   * @param y receives the result [.., width]
   */
  void gated(Tensor x, Activation activation, Tensor y);

  /** Backward pass of {@link #gated}. Shape of {@code dy}: [.., width]. */
  void gatedBackward(Tensor dy, Tensor x, Activation activation, Tensor dx);

  /**
   * Sums the cross-entropies of rows of logits.
   *
   * @param logits [rows, vocabulary]; if gradient, overwritten by the gradient of the sum by the
   *     uncapped logits, times scale
   * @param targets I64 [rows]
   * @param weights F32 [rows] weights of the terms, or null for 1
   */
  double crossEntropy(
      Tensor logits, Tensor targets, Tensor weights, double scale, double cap, boolean gradient);

  /** Returns whether these kernels multiply such matrices faster than libtorch. */
  boolean multiplies(DType type, long rows, long depth, long columns);

  /** Returns whether {@link #linear} is faster than libtorch. */
  boolean hasLinear(DType type, long rows, long depth, long columns);

  /**
   * Linear layer: y = x W' + bias. Sums are accumulated in fp32 and rounded once.
   *
   * @param x [.., depth]
   * @param weight [columns, depth]
   * @param bias [columns], or null
   * @param y [.., columns]
   */
  void linear(Tensor x, Tensor weight, Tensor bias, Tensor y);

  /**
   * Matrix product: c = a b + bias, or a b added to c. Sums are accumulated in fp32 and rounded
   * once.
   *
   * @param a [.., depth]
   * @param b [columns, depth] if transposed, otherwise [depth, columns]
   * @param bias [columns], or null
   * @param c [.., columns]
   */
  void multiply(Tensor a, Tensor b, boolean transposed, Tensor bias, Tensor c, boolean added);

  /**
   * Sum of two matrix products: c = a b + a2 b2 + bias, rounded once.
   *
   * @param a2 [.., depth2], depth2 even
   * @param b2 [columns, depth2] if transposed, otherwise [depth2, columns]
   */
  void multiplyPairs(
      Tensor a, Tensor b, Tensor a2, Tensor b2, boolean transposed, Tensor bias, Tensor c);

  /**
   * Product with the transpose of a matrix, a' b, if {@link #multiplies} returns true.
   *
   * @param a [.., m]
   * @param b [.., n], with the same number of rows
   * @param c [m, n]; F32 and added to, or of the type of a and overwritten
   */
  void multiplyTransposed(Tensor a, Tensor b, Tensor c);

  /** Returns whether attention over whole sequences is supported. */
  boolean attends(DType type, long dim);

  /**
   * Scaled dot-product attention without a mask.
   *
   * @param q [B, H, T, D], of any strides as long as the entries of a head are adjacent
   * @param k [B, K, L, D], likewise; with a causal rule, the last query sees all keys
   * @param v [B, K, L, D], likewise
   * @param y receives the concatenated heads [B, T, H D]
   */
  void attend(Tensor q, Tensor k, Tensor v, AttentionRule rule, Tensor y);

  /**
   * Backward pass of {@link #attend}.
   *
   * @param dy [B, T, H D]
   * @param dq receives the gradient [B, H, T, D], entries of a head adjacent
   * @param dk receives the gradient [B, K, L, D], likewise
   * @param dv receives the gradient [B, K, L, D], likewise
   */
  void attendBackward(
      Tensor dy, Tensor q, Tensor k, Tensor v, AttentionRule rule, Tensor dq, Tensor dk, Tensor dv);

  /**
   * Rotates queries and keys by their positions and attends without a mask.
   *
   * @param projected concatenated queries, keys and values [B, T, (H + K + K) D]
   */
  void attendRotated(
      Tensor projected, JoinedHeads heads, RotaryTable table, AttentionRule rule, Tensor y);

  /** Backward pass of {@link #attendRotated}. */
  void attendRotatedBackward(
      Tensor dy,
      Tensor projected,
      JoinedHeads heads,
      RotaryTable table,
      AttentionRule rule,
      Tensor dprojected);

  static Optional<HostKernels> installed() {
    return Installed.kernels;
  }

  /**
   * Returns the kernels if they multiply a tensor faster than libtorch. Shape of {@code x}: [..,
   * depth].
   */
  static Optional<HostKernels> multiplying(Tensor x, long columns) {
    long depth = x.size(-1);
    return x.engine().isOnHost() && x.isContiguous()
        ? installed()
            .filter(kernels -> kernels.multiplies(x.type(), x.count() / depth, depth, columns))
        : Optional.empty();
  }

  /**
   * Returns the kernels if they multiply a tensor faster than libtorch, or will do so when only
   * shapes are computed now.
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

  /** Service that provides the kernels; loaded once per process. */
  interface Provider {

    Optional<HostKernels> open();

    /** Returns which kernels run and on which instruction set, or why none do. */
    String description();
  }

  /** Returns which kernels run and on which instruction set, or why none do. */
  static String description() {
    return Installed.provider()
        .map(Provider::description)
        .orElse("none: add io.adapt4j:adapt4j-kernels, which decodes and trains faster");
  }

  /** Holder of this process's kernels. */
  final class Installed {
    private static volatile Optional<HostKernels> kernels = provider().flatMap(Provider::open);

    private static Optional<Provider> provider() {
      return ServiceLoader.load(Provider.class, Provider.class.getClassLoader()).findFirst();
    }

    private Installed() {}

    static void replace(Optional<HostKernels> others) {
      kernels = others;
    }
  }
}
