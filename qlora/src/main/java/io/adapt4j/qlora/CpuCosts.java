package io.adapt4j.qlora;

/** Where fused products stop paying. */
final class CpuCosts {

  private CpuCosts() {}

  /**
   * The most rows that are multiplied faster by the 4-bit weight itself than by libtorch after
   * restoring it, as measured by FourBitKernelBenchmark.
   */
  static long mostRows(CpuVariant variant, int columns) {
    boolean wholeGroups = columns % 64 == 0;
    return switch (variant) {
      case SCALAR -> 0;
      case AVX2, AVX512, AVX512BF16 -> wholeGroups ? 8 : 1;
      case AMX -> wholeGroups ? 64 : 1;
    };
  }
}
