package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.DType;

/**
 * Break-even points of fused 4-bit products, as measured by FourBitKernelBenchmark in module
 * benchmarks.
 */
final class CpuCosts {

  private CpuCosts() {}

  /**
   * Returns the maximum number of rows for which the fused product is faster than dequantizing the
   * weight and multiplying by libtorch.
   */
  static long mostRows(CpuVariant variant, DType type, int columns) {
    if (columns % 64 != 0) {
      return 1;
    }
    return switch (variant) {
      case SCALAR -> 2;
      case AVX2, AVX512, AVX512BF16, NEON, NEONDOT, NEONI8MM -> 8;
      case AMX -> type == DType.BF16 ? Long.MAX_VALUE : 8;
    };
  }
}
