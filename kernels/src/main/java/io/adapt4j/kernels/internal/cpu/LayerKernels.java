package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Binding of the class in {@code src/main/cpp/layer_kernels.h}, where its functions are documented.
 * Nothing is checked: wrong sizes or addresses crash the process. Types are 0 F32 and 2 BF16; the
 * address of an omitted tensor is 0.
 */
@Platform(include = "layer_kernels.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class LayerKernels extends Pointer {

  static {
    Loader.load();
  }

  private LayerKernels() {
    super((Pointer) null);
  }

  /** Normalizes rows, or their sums with others, to mean 0 and variance 1. */
  public static native void layerNorm(
      int variant,
      long x,
      long added,
      long weight,
      long bias,
      int type,
      long rows,
      long width,
      float epsilon,
      long y,
      int threads);

  /** Applies an activation elementwise; x and y may be the same. */
  public static native void activate(
      int variant, int kind, long x, int type, long rows, long width, long y, int threads);

  /** Restores vectors in 8 bits [heads, room, width + 4] to some of y [heads, yRoom, width]. */
  public static native void restore(
      int variant,
      long rows,
      long heads,
      long room,
      long from,
      long count,
      long width,
      int type,
      long y,
      long yRoom,
      long place,
      int threads);

  /** Normalizes rows by their root mean square. */
  public static native void rmsNorm(
      int variant,
      long x,
      long weight,
      int type,
      long rows,
      long width,
      float offset,
      float epsilon,
      long y,
      int threads);

  /** Backward of the RMS norm; the gradient of the weight is accumulated. */
  public static native void rmsNormBackward(
      int variant,
      long dy,
      long x,
      long weight,
      int type,
      long rows,
      long width,
      float offset,
      float epsilon,
      long added,
      long dx,
      long dweight,
      int threads);

  /** Applies an activation to the first half of each row and multiplies by the second. */
  public static native void gated(
      int variant, int kind, long x, int type, long rows, long width, long y, int threads);

  /** Backward of the gated activation. */
  public static native void gatedBackward(
      int variant,
      int kind,
      long dy,
      long x,
      int type,
      long rows,
      long width,
      long dx,
      int threads);

  /** Sums cross-entropies; with gradient, the logits are overwritten by their gradient. */
  public static native double crossEntropy(
      int variant,
      long logits,
      int type,
      long rows,
      long vocabulary,
      long targets,
      long weights,
      float scale,
      float cap,
      boolean gradient,
      int threads);

  /**
   * Multiplies one pair of bfloat16 matrices, or two whose products are added; needs a variant with
   * bfloat16 instructions.
   */
  public static native void multiply(
      long a,
      long rows,
      long depth,
      long b,
      boolean transposed,
      long columns,
      long a2,
      long depth2,
      long b2,
      long bias,
      long c,
      boolean added,
      int threads);

  /** Multiplies by the transpose of a bfloat16 weight in fp32; for AVX-512 and ARM. */
  public static native void multiplyWide(
      int variant,
      long x,
      long rows,
      long depth,
      long weight,
      long columns,
      long bias,
      long y,
      int threads);

  /** Multiplies the transpose of a bfloat16 matrix; needs a variant with bfloat16 instructions. */
  public static native void multiplyTransposed(
      long a, long rows, long m, long b, long n, long c, boolean added, int threads);

  /** Attention in bfloat16, forward or backward; needs a variant with bfloat16 instructions. */
  public static native void attend(
      @Cast("const long long*") long[] tensors,
      @Cast("const long long*") long[] sizes,
      long cos,
      long sin,
      long half,
      long tableOfBatch,
      boolean causal,
      long window,
      float scale,
      float cap,
      boolean backward,
      int threads);
}
