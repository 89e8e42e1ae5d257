package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Const;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;
import org.jspecify.annotations.Nullable;

/**
 * Binding of the class in {@code src/main/cpp/block_weight.h}. Nothing is checked: wrong sizes or
 * addresses crash the process. Types are 0 F32, 1 F16, 2 BF16; those of blocks have their numbers
 * in GGUF files.
 */
@Platform(include = "block_weight.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class BlockWeight extends Pointer {

  static {
    Loader.load();
  }

  private BlockWeight() {
    super((Pointer) null);
  }

  /** Returns the memory of a weight: size of its tiles in bytes. */
  public static native long bytes(int id, long rows, long columns);

  /**
   * Rearranges rows of blocks into tiles.
   *
   * @param order for each row of the weight its row in the file, or null for the same order
   */
  public static native void arrange(
      int id,
      long blocks,
      @Const @Nullable IntPointer order,
      long first,
      long count,
      long columns,
      long tiles,
      int threads);

  /**
   * Rearranges a weight in NF4 or FP4 into tiles, with scales in fp16.
   *
   * @return false if a scale is outside of fp16's normal numbers, so that the tiles are of no use
   */
  public static native boolean arrangeFourBit(
      int id, @Const @ByRef FourBitWeight weight, long tiles, int threads);

  /**
   * Dequantizes some rows.
   *
   * @param target address of [count, columns]
   */
  public static native void dequantize(
      int id,
      int variant,
      long tiles,
      long columns,
      long first,
      long count,
      long target,
      int type,
      int threads);

  /** Restores the signs of zeros in dequantized MXFP4 rows. */
  public static native void signZeros(
      long tiles, long columns, long count, long target, int type, int threads);

  /**
   * Computes y = x W'.
   *
   * @param x address of [tokens, columns]
   * @param y address of [tokens, outputs]
   */
  public static native void multiply(
      int id,
      int variant,
      long tiles,
      long rows,
      long columns,
      long x,
      long tokens,
      int type,
      long y,
      long outputs,
      long at,
      int threads);
}
