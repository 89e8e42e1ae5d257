package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Binding of the class in {@code src/main/cpp/int8_weight.h}. Nothing is checked: wrong sizes or
 * addresses crash the process. Types are 0 F32, 1 F16, 2 BF16.
 */
@Platform(include = "int8_weight.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class Int8Weight extends Pointer {

  static {
    Loader.load();
  }

  private Int8Weight() {
    super((Pointer) null);
  }

  /** Returns the memory of a weight: size of its tiles in bytes. */
  public static native long bytes(long rows, long columns);

  /**
   * Rounds a weight to 8 bits.
   *
   * @param values address of [rows, columns]
   * @param tiles address of {@link #bytes} bytes
   */
  public static native boolean quantize(
      long values, int type, long rows, long columns, long tiles, int threads);

  /**
   * Dequantizes some rows.
   *
   * @param target address of [count, columns]
   */
  public static native void dequantize(
      long tiles, long columns, long first, long count, long target, int type, int threads);
}
