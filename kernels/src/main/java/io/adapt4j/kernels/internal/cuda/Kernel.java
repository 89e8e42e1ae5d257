package io.adapt4j.kernels.internal.cuda;

import io.adapt4j.core.internal.tensor.DType;
import java.util.Locale;

/** A kernel: a function of one of the sources, with the block that it is written for. */
public record Kernel(KernelFile file, String function, int threads) {

  /** Blocks of weights that a block of {@link #quantize} takes. */
  static final int QUANTIZED_BLOCKS = 8;

  /** Weights that a block of {@link #dequantize} takes. */
  static final int DEQUANTIZED_WEIGHTS = 256 * 4 * 8;

  /** Outputs that a block of {@link #few} takes, and the most rows of x. */
  static final int FEW_OUTPUTS = 8;

  static final int MOST_FEW = 8;

  /** Outputs and rows of x that a block of {@link #plain} takes. */
  static final int PLAIN_TILE = 64;

  /** Outputs that a block of {@link #narrow} takes, and the most rows of x. */
  static final int NARROW_OUTPUTS = 16;

  static final int MOST_NARROW = 16;

  /** Outputs that a block of {@link #wide} takes. */
  static final int WIDE_OUTPUTS = 128;

  static Kernel quantize(DType type) {
    return of(KernelFile.QUANTIZE, "quantize", type, 256);
  }

  static Kernel dequantize(DType type) {
    return of(KernelFile.DEQUANTIZE, "dequantize", type, 256);
  }

  /** Up to {@value #MOST_FEW} rows of x, any shape. */
  static Kernel few(DType type) {
    return of(KernelFile.PLAIN, "multiply_few", type, 256);
  }

  /** Any number of rows, any shape. */
  static Kernel plain(DType type) {
    return of(KernelFile.PLAIN, "multiply_plain", type, 256);
  }

  /** Up to 8 or 16 rows of x on tensor cores; columns a multiple of 32. */
  static Kernel narrow(int tokens) {
    return of(KernelFile.TENSOR, "multiply_" + tokens, DType.BF16, 256);
  }

  /** Tiles of 32 or 128 rows of x on tensor cores; columns a multiple of 64. */
  static Kernel wide(int tokens) {
    return of(KernelFile.TENSOR, "multiply_" + tokens, DType.BF16, 128);
  }

  private static Kernel of(KernelFile file, String function, DType type, int threads) {
    return new Kernel(file, function + "_" + type.name().toLowerCase(Locale.ROOT), threads);
  }
}
