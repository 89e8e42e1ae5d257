package io.adapt4j.kernels.internal.cuda;

import io.adapt4j.core.internal.tensor.DType;
import java.util.Locale;

/** A kernel: a function of one of the sources, with its block size. */
public record Kernel(KernelFile file, String function, int threads) {

  /** Number of weight blocks per thread block of {@link #quantize}. */
  static final int QUANTIZED_BLOCKS = 8;

  /** Number of weights per thread block of {@link #dequantize}. */
  static final int DEQUANTIZED_WEIGHTS = 256 * 4 * 8;

  /** Outputs per thread block of {@link #few}, and maximum number of rows of x. */
  static final int FEW_OUTPUTS = 8;

  static final int MOST_FEW = 8;

  /** Outputs and rows of x per thread block of {@link #plain}. */
  static final int PLAIN_TILE = 64;

  /** Outputs per thread block of {@link #narrow}, and maximum number of rows of x. */
  static final int NARROW_OUTPUTS = 16;

  static final int MOST_NARROW = 16;

  /** Outputs per thread block of {@link #wide}. */
  static final int WIDE_OUTPUTS = 128;

  static Kernel quantize(DType type) {
    return of(KernelFile.QUANTIZE, "quantize", type, 256);
  }

  static Kernel dequantize(DType type) {
    return of(KernelFile.DEQUANTIZE, "dequantize", type, 256);
  }

  /** Returns the kernel for up to {@value #MOST_FEW} rows of x, any shape. */
  static Kernel few(DType type) {
    return of(KernelFile.PLAIN, "multiply_few", type, 256);
  }

  /** Returns the kernel for any number of rows and any shape. */
  static Kernel plain(DType type) {
    return of(KernelFile.PLAIN, "multiply_plain", type, 256);
  }

  /**
   * Returns the tensor core kernel for up to 8 or 16 rows of x; columns must be a multiple of 32.
   */
  static Kernel narrow(int tokens) {
    return of(KernelFile.TENSOR, "multiply_" + tokens, DType.BF16, 256);
  }

  /**
   * Returns the tensor core kernel for tiles of 32 or 128 rows of x; columns must be a multiple of
   * 64.
   */
  static Kernel wide(int tokens) {
    return of(KernelFile.TENSOR, "multiply_" + tokens, DType.BF16, 128);
  }

  private static Kernel of(KernelFile file, String function, DType type, int threads) {
    return new Kernel(file, function + "_" + type.name().toLowerCase(Locale.ROOT), threads);
  }
}
