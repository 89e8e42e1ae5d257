package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.DType;

/** Where fused products stop paying, as FourBitKernelBenchmark in module benchmarks measures it. */
final class CpuCosts {

  private CpuCosts() {}

  /**
   * The most rows that are multiplied faster by the 4-bit weight itself than by libtorch after
   * dequantizing it.
   */
  static long mostRows(CpuVariant variant, DType type, int columns) {
    if (columns % 64 != 0) {
      return 1;
    }
    return switch (variant) {
      case SCALAR -> 2;
      case AVX2, AVX512, AVX512BF16 -> 8;
      case AMX -> type == DType.BF16 ? Long.MAX_VALUE : 8;
    };
  }
}
