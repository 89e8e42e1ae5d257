package io.adapt4j.kernels.internal;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernels in C++, in every variant that the processor has, against those in Java. */
class CpuKernelsTest {

  private static final List<DType> TYPES = List.of(DType.F32, DType.F16, DType.BF16);

  private final int threads = Torch.threads();
  private final long live = Tensor.live();

  @BeforeEach
  void skipWithoutTheLibrary() {
    CpuLibrary library = CpuLibrary.get();
    assumeTrue(library.isPresent(), () -> "No kernels in C++: " + library.absence());
  }

  @AfterEach
  void noTensorIsLeftOpen() {
    Torch.threads(threads);
    assertThat(Tensor.live()).isEqualTo(live);
  }

  /** Variants, and shapes with rows of one weight, rows within a byte, tails and whole groups. */
  static Stream<Arguments> cases() {
    return variants()
        .flatMap(
            variant ->
                Stream.of(
                        "1, 1",
                        "1, 64",
                        "1, 63",
                        "3, 1",
                        "5, 7",
                        "33, 50",
                        "2, 129",
                        "7, 64",
                        "17, 128",
                        "4, 192",
                        "33, 320",
                        "65, 1088",
                        "1, 4160",
                        "130, 257")
                    .map(shape -> shape.split(", "))
                    .map(
                        shape ->
                            Arguments.of(
                                variant, Integer.parseInt(shape[0]), Integer.parseInt(shape[1]))));
  }

  static Stream<CpuVariant> variants() {
    CpuVariant best = CpuLibrary.get().best();
    return best == null
        ? Stream.of(CpuVariant.SCALAR) // skipped
        : Arrays.stream(CpuVariant.values()).filter(variant -> variant.runsOn(best));
  }

  /** Those whose steps differ: AMX has no loops of its own there. */
  static Stream<CpuVariant> variantsOfSteps() {
    return variants().filter(variant -> variant != CpuVariant.AMX);
  }

  @Test
  void aProcessorRunsThePlainLoopsAndThoseOfItsArchitectureUpToItsBest() {
    assertThat(CpuVariant.values())
        .filteredOn(variant -> variant.runsOn(CpuVariant.AVX512))
        .containsExactly(CpuVariant.SCALAR, CpuVariant.AVX2, CpuVariant.AVX512);
    assertThat(CpuVariant.values())
        .filteredOn(variant -> variant.runsOn(CpuVariant.NEONDOT))
        .containsExactly(CpuVariant.SCALAR, CpuVariant.NEON, CpuVariant.NEONDOT);
    assertThat(CpuVariant.values())
        .filteredOn(variant -> variant.runsOn(CpuVariant.SCALAR))
        .containsExactly(CpuVariant.SCALAR);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void restoredWeightsAreThoseOfJavaBitForBit(CpuVariant variant, int rows, int columns) {
    for (FourBitFormat format : FourBitCases.quantizations()) {
      QuantizedTensor tensor = FourBitCases.random(rows, columns, format);
      try (FourBitMatrix expected = JavaKernels.INSTANCE.matrix(tensor);
          FourBitMatrix found = CpuKernels.of(variant).matrix(tensor)) {
        for (DType type : TYPES) {
          assertThat(FourBitCases.restored(found, type))
              .as("%s, %s", format, type)
              .isEqualTo(FourBitCases.restored(expected, type));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void productsAreWithinTheRoundingOfTheirType(CpuVariant variant, int rows, int columns) {
    for (FourBitFormat format : FourBitCases.quantizations()) {
      QuantizedTensor tensor = FourBitCases.random(rows, columns, format);
      try (FourBitMatrix matrix = CpuKernels.of(variant).matrix(tensor)) {
        for (int n : new int[] {1, 2, 3, 8, 9, 17}) {
          FourBitCases.checkProducts(tensor, matrix, DType.F32, n);
          FourBitCases.checkProducts(tensor, matrix, DType.BF16, n);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void manyRowsAreMultipliedInPieces(CpuVariant variant) {
    QuantizedTensor tensor = FourBitCases.random(40, 128, FourBitCases.NF4);
    try (FourBitMatrix matrix = CpuKernels.of(variant).matrix(tensor)) {
      for (int n : new int[] {4, 5, 6, 7, 32, 33, 48, 511, 512, 530}) {
        FourBitCases.checkProducts(tensor, matrix, DType.BF16, n);
      }
    }
  }

  /** More outputs and inputs than are restored at a time, none of them a multiple of that. */
  @Test
  void largeWeightsAreMultipliedInPieces() {
    QuantizedTensor tensor = FourBitCases.random(1100, 1152, FourBitCases.NF4);
    try (FourBitMatrix matrix = CpuKernels.open().matrix(tensor)) {
      for (int n : new int[] {1, 8, 32, 40, 70}) {
        FourBitCases.checkProducts(tensor, matrix, DType.BF16, n);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void weightsTooLargeForTheCachesAreRestoredAlike(CpuVariant variant) {
    QuantizedTensor tensor = FourBitCases.random(1101, 2049, FourBitCases.NF4);
    try (FourBitMatrix expected = JavaKernels.INSTANCE.matrix(tensor);
        FourBitMatrix found = CpuKernels.of(variant).matrix(tensor)) {
      for (DType type : TYPES) {
        assertThat(
                Arrays.equals(
                    FourBitCases.restored(found, type), FourBitCases.restored(expected, type)))
            .as("%s", type)
            .isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void resultsDoNotDependOnTheNumberOfThreads(CpuVariant variant) {
    QuantizedTensor tensor = FourBitCases.random(300, 448, FourBitCases.NF4);
    try (FourBitMatrix matrix = CpuKernels.of(variant).matrix(tensor);
        Tensor x = Tensor.randn(DType.F32, 3, 448);
        Tensor narrow = x.copyAs(DType.BF16)) {
      Torch.threads(1);
      float[] weights = FourBitCases.restored(matrix, DType.BF16);
      float[] products = FourBitCases.product(matrix, x);
      float[] narrowProducts = FourBitCases.product(matrix, narrow);
      for (int count : new int[] {2, 3}) {
        Torch.threads(count);
        assertThat(FourBitCases.restored(matrix, DType.BF16)).isEqualTo(weights);
        assertThat(FourBitCases.product(matrix, x)).isEqualTo(products);
        assertThat(FourBitCases.product(matrix, narrow)).isEqualTo(narrowProducts);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void libtorchMultipliesAsBeforeBetweenProducts(CpuVariant variant) {
    QuantizedTensor tensor = FourBitCases.random(64, 128, FourBitCases.NF4);
    try (FourBitMatrix matrix = CpuKernels.of(variant).matrix(tensor);
        Tensor x = Tensor.randn(DType.BF16, 64, 128);
        Tensor right = Tensor.randn(DType.BF16, 128, 64);
        Tensor before = x.times(right)) {
      float[] products = FourBitCases.product(matrix, x);
      for (int i = 0; i < 3; i++) {
        try (Tensor after = x.times(right)) {
          assertThat(after.toFloats()).isEqualTo(before.toFloats());
        }
        assertThat(FourBitCases.product(matrix, x)).isEqualTo(products);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, 5, 64", "BF16, 5, 64", "BF16, 3, 33", "BF16, 40, 64"})
  void aProductFillsItsColumnsOnly(DType type, int n, int columns) {
    QuantizedTensor tensor = FourBitCases.random(21, columns, FourBitCases.FP4);
    variants()
        .forEach(
            variant -> {
              try (FourBitMatrix matrix = CpuKernels.of(variant).matrix(tensor);
                  Tensor x = Tensor.randn(type, n, columns);
                  Tensor y = Tensor.zeros(type, n, 30)) {
                matrix.multiply(x, y, 4);
                try (Tensor before = y.narrow(1, 0, 4);
                    Tensor place = y.narrow(1, 4, 21);
                    Tensor after = y.narrow(1, 25, 5)) {
                  assertThat(before.toFloats()).containsOnly(0);
                  assertThat(after.toFloats()).containsOnly(0);
                  assertThat(place.toFloats())
                      .containsExactly(FourBitCases.product(matrix, x), within(0f));
                }
              }
            });
  }

  /** Rows of whole groups, which are multiplied together, and others. */
  @ParameterizedTest
  @ValueSource(ints = {192, 50})
  void weightsMultipliedTogetherGiveWhatEachGives(int columns) {
    for (CpuVariant variant : variants().toList()) {
      CpuKernels kernels = CpuKernels.of(variant);
      try (FourBitMatrix a = kernels.matrix(FourBitCases.random(70, columns, FourBitCases.NF4));
          FourBitMatrix b = kernels.matrix(FourBitCases.random(1, columns, FourBitCases.FP4));
          FourBitMatrix c = kernels.matrix(FourBitCases.random(13, columns, FourBitCases.NF4));
          FourBitProduct product = kernels.product(List.of(a, b, c));
          FourBitProduct each = new EachInTurn(List.of(a, b, c))) {
        for (DType type : List.of(DType.F32, DType.BF16)) {
          for (int n : new int[] {1, 3, 8, 9, 20}) {
            try (Tensor x = Tensor.randn(type, n, columns);
                Tensor found = Tensor.empty(type, n, 84);
                Tensor expected = Tensor.empty(type, n, 84)) {
              product.multiply(x, found);
              each.multiply(x, expected);
              assertThat(found.toFloats()).isEqualTo(expected.toFloats());
            }
          }
        }
      }
    }
  }

  @Test
  void weightsOfOtherColumnsAreNotMultipliedTogether() {
    CpuKernels kernels = CpuKernels.open();
    try (FourBitMatrix fourBitMatrix =
            kernels.matrix(FourBitCases.random(4, 64, FourBitCases.NF4));
        FourBitMatrix other = kernels.matrix(FourBitCases.random(4, 128, FourBitCases.NF4))) {
      refused(
          () -> kernels.product(List.of(fourBitMatrix, other)),
          "columns: expected 64 in every weight, found 128");
    }
  }

  @Test
  void whatDoesNotFitAProductIsRefused() {
    CpuKernels kernels = CpuKernels.open();
    try (FourBitMatrix fourBitMatrix =
            kernels.matrix(FourBitCases.random(4, 64, FourBitCases.NF4));
        Tensor x = Tensor.zeros(DType.F32, 2, 64);
        Tensor y = Tensor.zeros(DType.F32, 2, 7)) {
      FourBitProduct product = kernels.product(List.of(fourBitMatrix, fourBitMatrix));
      refused(() -> product.multiply(x, y), "y: expected shape [2, 8], found [2, 7]");
      product.close();
      refuses(IllegalStateException.class, () -> product.multiply(x, y), "closed");
    }
  }

  @Test
  void subnormalWeightsAndTheLargestOnesAreRoundedOnce() {
    float[] scales = {Float.MIN_VALUE * 5, 1e-39f, 3e-6f, 7e4f, 65519, 65520, 3.4e38f, 0, 1e-7f};
    for (CpuVariant variant : variants().toList()) {
      QuantizedTensor tensor = FourBitCases.withScales(scales);
      try (FourBitMatrix expected = JavaKernels.INSTANCE.matrix(tensor);
          FourBitMatrix found = CpuKernels.of(variant).matrix(tensor)) {
        for (DType type : TYPES) {
          assertThat(FourBitCases.restored(found, type))
              .as("%s %s", variant, type)
              .isEqualTo(FourBitCases.restored(expected, type));
        }
      }
    }
  }

  @Test
  void manyCallsDoNotGrowTheProcess() {
    QuantizedTensor tensor = FourBitCases.random(256, 256, FourBitCases.NF4);
    try (Tensor x = Tensor.randn(DType.BF16, 40, 256);
        Tensor y = Tensor.empty(DType.BF16, 40, 256)) {
      long before = 0;
      for (int i = 0; i < 3000; i++) {
        if (i == 1000) {
          before = FourBitCases.residentBytes();
        }
        try (FourBitMatrix matrix = CpuKernels.open().matrix(tensor)) {
          matrix.multiply(x, y, 0);
        }
      }
      // A leak of the copied codes would be 64 MB.
      assertThat(FourBitCases.residentBytes() - before).isLessThan(32 << 20);
    }
  }

  @Test
  void whatDoesNotFitIsRefusedBeforeItReachesNativeCode() {
    QuantizedTensor tensor = FourBitCases.random(4, 64, FourBitCases.NF4);
    try (FourBitMatrix matrix = CpuKernels.open().matrix(tensor);
        Tensor x = Tensor.zeros(DType.F32, 2, 64);
        Tensor narrow = Tensor.zeros(DType.F32, 2, 63);
        Tensor y = Tensor.zeros(DType.F32, 2, 6);
        Tensor half = Tensor.zeros(DType.F16, 2, 6);
        Tensor other = Tensor.zeros(DType.F32, 3, 6);
        Tensor integers = Tensor.zeros(DType.I64, 4, 64)) {
      refused(() -> matrix.multiply(narrow, y, 0), "x: expected shape [2, 64], found [2, 63]");
      refused(() -> matrix.multiply(x, other, 0), "y: expected shape [2, 6], found [3, 6]");
      refused(() -> matrix.multiply(x, y, 3), "first: expected 0 to 2");
      refused(() -> matrix.multiply(x, y, -1), "first: expected 0 to 2");
      refused(() -> matrix.multiply(x, half, 0), "both F32 or both BF16, found F32 and F16");
      refused(() -> matrix.dequantize(x), "target: expected shape [4, 64], found [2, 64]");
      refused(() -> matrix.dequantize(integers), "target: expected F32, F16 or BF16, found I64");
    }
  }

  @Test
  void aTensorWhosePartsDoNotFitIsRefused() {
    QuantizedTensor good = FourBitCases.random(4, 64, FourBitCases.NF4);
    CpuKernels kernels = CpuKernels.open();
    QuantizedTensor short1 =
        new QuantizedTensor(
            good.format(), good.numbers(), List.of(5L, 64L), good.packed(), good.scales());
    refused(() -> kernels.matrix(short1), "packed: expected 160, found 128");
    QuantizedTensor short2 =
        new QuantizedTensor(
            good.format(),
            good.numbers(),
            good.shape(),
            good.packed(),
            new PlainScales(new float[3]));
    refused(() -> kernels.matrix(short2), "scales: expected 4, found 3");
  }

  private static void refused(Runnable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call::run).withMessageContaining(message);
  }

  @Test
  void aClosedMatrixIsRefused() {
    FourBitMatrix matrix = CpuKernels.open().matrix(FourBitCases.random(1, 64, FourBitCases.NF4));
    matrix.close();
    matrix.close();
    try (Tensor target = Tensor.zeros(DType.F32, 1, 64)) {
      refuses(IllegalStateException.class, () -> matrix.dequantize(target), "closed");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sse", "AVX2"})
  void anUnknownVariantIsRefusedWithTheKnownOnes(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CpuVariant.of(name))
        .withMessageContaining("adapt4j.qlora.cpu")
        .withMessageContaining(
            "[scalar, avx2, avx512, avx512bf16, amx, neon, neondot, neoni8mm], found '"
                + name
                + "'");
  }

  @Test
  void aMatrixTakesAtMost53HundredthsOfAByteAWeight() {
    QuantizedTensor tensor = FourBitCases.random(512, 1024, FourBitCases.NF4);
    try (FourBitMatrix matrix = CpuKernels.open().matrix(tensor)) {
      assertThat(matrix.bytes() / (512.0 * 1024)).isLessThan(0.53);
    }
  }
}
