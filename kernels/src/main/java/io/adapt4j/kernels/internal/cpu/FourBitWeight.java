package io.adapt4j.kernels.internal.cpu;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Const;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.NoException;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Binding of the class in {@code src/main/cpp/four_bit_weight.h}. Nothing is checked: wrong sizes
 * or a closed weight crash the process.
 */
@Platform(include = "four_bit_weight.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class FourBitWeight extends Pointer {

  static {
    Loader.load();
  }

  /** Creates a weight without scales. */
  public FourBitWeight(
      int variant, ByteBuffer packed, long rows, long columns, int blockSize, float[] numbers) {
    super((Pointer) null);
    allocate(variant, packed, rows, columns, blockSize, numbers);
  }

  private native void allocate(
      int variant,
      @Cast("const unsigned char*") ByteBuffer packed,
      long rows,
      long columns,
      int blockSize,
      @Const float[] numbers);

  /** Returns the most capable variant that the processor supports. */
  @NoException
  public static native int bestVariant();

  /**
   * Quantizes values in blocks, of which the last may be short.
   *
   * @param limits 15 ascending limits: the number of those below a value (in FP4 below its
   *     magnitude) is its rank
   * @param packed direct, receives (count + 1) / 2 bytes
   */
  public static native boolean quantize(
      int variant,
      @Cast("const void*") ByteBuffer values,
      int type,
      long count,
      int blockSize,
      @Const float[] limits,
      boolean fp4,
      @Cast("unsigned char*") ByteBuffer packed,
      float[] absmax,
      int threads);

  /** Sets the scales; they are copied. */
  public native void plainScales(@Const float[] scales, long count);

  /**
   * Sets scales in 8 bits; all arguments are copied. scale = numbers[code] * absmax[block of
   * scales] + offset.
   */
  public native void nestedScales(
      @Cast("const unsigned char*") byte[] codes,
      long count,
      @Const float[] numbers,
      @Const float[] absmax,
      long absmaxCount,
      int blockSize,
      float offset);

  /** Dequantizes all weights. */
  public native void dequantize(@Cast("void*") ByteBuffer target, int type, int threads);

  /**
   * Computes y = x W'.
   *
   * @param x direct, [tokens, columns]
   * @param y direct, [tokens, outputs]
   */
  public native void multiply(
      @Cast("const void*") ByteBuffer x,
      long tokens,
      int type,
      @Cast("void*") ByteBuffer y,
      long outputs,
      long first,
      int threads);
}
