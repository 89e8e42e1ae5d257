package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.kernels.internal.cuda.Capability;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A law with the numbers it is checked on.
 *
 * @param name what reports call it
 * @param law fails with an assertion that says what was found
 */
record CudaCheck(String name, Consumer<CudaKernelLaws> law) {

  private static final int[] BLOCKS = {64, 128, 256, 512, 1024, 2048, 4096};
  private static final List<DType> TYPES = List.of(DType.F32, DType.F16, DType.BF16);

  /** Rows, columns and rows of x that between them take every kernel for products. */
  private static final int[][] PRODUCTS = {
    {70, 31, 3},
    {70, 31, 70},
    {512, 1056, 1},
    {520, 1184, 8},
    {512, 1056, 16},
    {392, 576, 33},
    {392, 576, 300}
  };

  private static final int[][] SMALL_PRODUCTS = {
    {17, 40, 3}, {33, 50, 9}, {40, 96, 5}, {20, 96, 12}, {130, 192, 33}, {136, 128, 65}
  };

  @Override
  public String toString() {
    return name;
  }

  /** All of them for a device: every kernel, every format and block size. */
  static List<CudaCheck> all(Capability capability) {
    List<CudaCheck> checks = new ArrayList<>();
    for (int block : BLOCKS) {
      weights(checks, block, 129, 515);
    }
    products(checks, PRODUCTS, capability);
    return checks;
  }

  /** One for every kernel, small: for tools that slow a device down. */
  static List<CudaCheck> few(Capability capability) {
    List<CudaCheck> checks = new ArrayList<>();
    weights(checks, 64, 33, 50);
    products(checks, SMALL_PRODUCTS, capability);
    return checks;
  }

  private static void weights(List<CudaCheck> checks, int block, int rows, int columns) {
    for (FourBitCode code : FourBitCode.values()) {
      for (boolean nested : new boolean[] {false, true}) {
        FourBitFormat format = new FourBitFormat(code, block, nested);
        String of = " %s, blocks of %d%s".formatted(code, block, nested ? ", nested" : "");
        checks.add(
            new CudaCheck(
                "dequantize" + of,
                laws -> laws.restores(RandomWeights.matrix(format, rows, columns))));
        checks.add(new CudaCheck("quantize" + of, laws -> quantizes(laws, format, rows * columns)));
      }
    }
  }

  private static void quantizes(CudaKernelLaws laws, FourBitFormat format, int count) {
    for (DType type : TYPES) {
      laws.quantizes(format, RandomWeights.normal(count, type.code()), type);
    }
  }

  private static void products(List<CudaCheck> checks, int[][] shapes, Capability capability) {
    for (int[] shape : shapes) {
      int rows = shape[0];
      int columns = shape[1];
      int n = shape[2];
      boolean tensorCores = capability.major() >= 8 && (n <= 16 ? columns % 32 : columns % 64) == 0;
      for (DType type : TYPES) {
        DType weights = type == DType.BF16 && tensorCores ? DType.BF16 : DType.F32;
        checks.add(
            new CudaCheck(
                "multiply %d rows by %d x %d in %s".formatted(n, rows, columns, type),
                laws ->
                    laws.multiplies(
                        RandomWeights.matrix(FourBitCases.NF4, rows, columns), type, n, weights)));
      }
    }
  }
}
