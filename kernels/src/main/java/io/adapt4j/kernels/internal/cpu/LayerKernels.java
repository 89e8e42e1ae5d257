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
      @Cast("long long") long x,
      @Cast("long long") long added,
      @Cast("long long") long weight,
      @Cast("long long") long bias,
      int type,
      @Cast("long long") long rows,
      @Cast("long long") long width,
      float epsilon,
      @Cast("long long") long y,
      int threads);

  /** Applies an activation elementwise; x and y may be the same. */
  public static native void activate(
      int variant,
      int kind,
      @Cast("long long") long x,
      int type,
      @Cast("long long") long rows,
      @Cast("long long") long width,
      @Cast("long long") long y,
      int threads);

  /** Normalizes rows by their root mean square. */
  public static native void rmsNorm(
      int variant,
      @Cast("long long") long x,
      @Cast("long long") long weight,
      int type,
      @Cast("long long") long rows,
      @Cast("long long") long width,
      float offset,
      float epsilon,
      @Cast("long long") long y,
      int threads);

  /** Backward of the RMS norm; the gradient of the weight is accumulated. */
  public static native void rmsNormBackward(
      int variant,
      @Cast("long long") long dy,
      @Cast("long long") long x,
      @Cast("long long") long weight,
      int type,
      @Cast("long long") long rows,
      @Cast("long long") long width,
      float offset,
      float epsilon,
      @Cast("long long") long added,
      @Cast("long long") long dx,
      @Cast("long long") long dweight,
      int threads);

  /** Applies an activation to the first half of each row and multiplies by the second. */
  public static native void gated(
      int variant,
      int kind,
      @Cast("long long") long x,
      int type,
      @Cast("long long") long rows,
      @Cast("long long") long width,
      @Cast("long long") long y,
      int threads);

  /** Backward of the gated activation. */
  public static native void gatedBackward(
      int variant,
      int kind,
      @Cast("long long") long dy,
      @Cast("long long") long x,
      int type,
      @Cast("long long") long rows,
      @Cast("long long") long width,
      @Cast("long long") long dx,
      int threads);

  /** Sums cross-entropies; with gradient, the logits are overwritten by their gradient. */
  public static native double crossEntropy(
      int variant,
      @Cast("long long") long logits,
      int type,
      @Cast("long long") long rows,
      @Cast("long long") long vocabulary,
      @Cast("long long") long targets,
      @Cast("long long") long weights,
      float scale,
      float cap,
      @Cast("bool") boolean gradient,
      int threads);

  /**
   * Multiplies one pair of bfloat16 matrices, or two whose products are added; needs a variant with
   * bfloat16 instructions.
   */
  public static native void multiply(
      @Cast("long long") long a,
      @Cast("long long") long rows,
      @Cast("long long") long depth,
      @Cast("long long") long b,
      @Cast("bool") boolean transposed,
      @Cast("long long") long columns,
      @Cast("long long") long a2,
      @Cast("long long") long depth2,
      @Cast("long long") long b2,
      @Cast("long long") long bias,
      @Cast("long long") long c,
      @Cast("bool") boolean added,
      int threads);

  /** Multiplies by the transpose of a bfloat16 weight in fp32; for AVX-512 and ARM. */
  public static native void multiplyWide(
      int variant,
      @Cast("long long") long x,
      @Cast("long long") long rows,
      @Cast("long long") long depth,
      @Cast("long long") long weight,
      @Cast("long long") long columns,
      @Cast("long long") long bias,
      @Cast("long long") long y,
      int threads);

  /** Multiplies the transpose of a bfloat16 matrix; needs a variant with bfloat16 instructions. */
  public static native void multiplyTransposed(
      @Cast("long long") long a,
      @Cast("long long") long rows,
      @Cast("long long") long m,
      @Cast("long long") long b,
      @Cast("long long") long n,
      @Cast("long long") long c,
      @Cast("bool") boolean added,
      int threads);

  /** Attention in bfloat16, forward or backward; needs a variant with bfloat16 instructions. */
  public static native void attend(
      @Cast("const long long*") long[] tensors,
      @Cast("const long long*") long[] sizes,
      @Cast("long long") long cos,
      @Cast("long long") long sin,
      @Cast("long long") long half,
      @Cast("long long") long tableOfBatch,
      @Cast("bool") boolean causal,
      @Cast("long long") long window,
      float scale,
      float cap,
      @Cast("bool") boolean backward,
      int threads);
}
