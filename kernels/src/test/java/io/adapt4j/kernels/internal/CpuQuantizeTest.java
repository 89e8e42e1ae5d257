package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.Torch;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Quantizing in C++, in every variant that the processor has, against that in Java: bit for bit.
 */
class CpuQuantizeTest {

  private static final List<StoredType> TYPES =
      List.of(StoredType.F32, StoredType.F16, StoredType.BF16);

  private final int threads = Torch.threads();

  @BeforeEach
  void skipWithoutTheLibrary() {
    CpuLibrary library = CpuLibrary.get();
    assumeTrue(library.isPresent(), () -> "No kernels in C++: " + library.absence());
  }

  @AfterEach
  void restoreThreads() {
    Torch.threads(threads);
  }

  static Stream<CpuVariant> variants() {
    return CpuKernelsTest.variants();
  }

  /** Codes, scales, and whether numbers were finite. */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
  private record Found(boolean finite, byte[] packed, float[] absmax) {

    static Found of(
        FourBitKernels kernels, FourBitFormat format, StoredType type, ByteBuffer values) {
      int count = values.capacity() / type.bytes();
      byte[] packed = new byte[(int) QuantizedTensor.packedBytes(count)];
      float[] absmax = new float[(int) format.blocks(count)];
      boolean finite =
          kernels.quantize(format, type, values, count, ByteBuffer.wrap(packed), absmax, 0);
      return new Found(finite, packed, absmax);
    }
  }

  private static List<FourBitFormat> quantizations() {
    return Stream.of(FourBitCode.values())
        .flatMap(
            type ->
                Stream.of(64, 128, 256, 512, 1024, 2048, 4096)
                    .map(size -> new FourBitFormat(type, size, false)))
        .toList();
  }

  private static void assertAsInJava(CpuVariant variant, float... values) {
    for (StoredType type : TYPES) {
      ByteBuffer stored = FourBitCases.stored(type, values);
      for (FourBitFormat format : quantizations()) {
        Found expected = Found.of(JavaKernels.INSTANCE, format, type, stored);
        Found found = Found.of(CpuKernels.of(variant), format, type, stored);
        String as = variant + ", " + format + ", " + type;
        assertThat(found.finite()).as(as).isTrue();
        assertThat(found.packed()).as(as).isEqualTo(expected.packed());
        assertThat(found.absmax()).as(as).isEqualTo(expected.absmax());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void randomWeightsOfAnyLengthAreQuantizedAlike(CpuVariant variant) {
    for (int count : new int[] {1, 2, 3, 63, 64, 65, 127, 128, 191, 1000, 4096, 4097, 12289}) {
      assertAsInJava(variant, FourBitCases.normal(count, count));
    }
  }

  /**
   * The numbers that two codes meet at, and those next to them, in blocks of scale 1 and others.
   */
  @ParameterizedTest
  @MethodSource("variants")
  void soAreTiesAndTheirNeighbors(CpuVariant variant) {
    for (FourBitCode format : FourBitCode.values()) {
      float[] limits = format.limits();
      for (float scale : new float[] {1, 0.75f, 3e-5f}) {
        float[] values = new float[64 * limits.length];
        for (int block = 0; block < limits.length; block++) {
          float limit = Float.isFinite(limits[block]) ? limits[block] : 1;
          float value = limit * scale;
          for (int step = 0; step < 15; step++) {
            value = Math.nextDown(value);
          }
          for (int i = 0; i < 31; i++, value = Math.nextUp(value)) {
            values[block * 64 + 2 * i] = value;
            values[block * 64 + 2 * i + 1] = -value;
          }
          values[block * 64 + 62] = scale;
          values[block * 64 + 63] = -scale;
        }
        assertAsInJava(variant, values);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void soAreZerosAndTheSmallestNumbers(CpuVariant variant) {
    float[] values = FourBitCases.normal(64 * 8, 3);
    float[] scales = {0, -0f, Float.MIN_VALUE, 1e-39f, Float.MIN_NORMAL, 0x1p-24f, 3e-6f, 1};
    for (int i = 0; i < values.length; i++) {
      values[i] *= scales[i / 64];
    }
    assertAsInJava(variant, values);
    assertAsInJava(variant, new float[130]);
  }

  @ParameterizedTest
  @MethodSource("variants")
  void soAreTheLargestNumbers(CpuVariant variant) {
    float[] values = FourBitCases.normal(64, 4);
    for (int i = 0; i < values.length; i++) {
      values[i] *= 1e4f;
    }
    values[5] = 65504;
    assertAsInJava(variant, values);
    ByteBuffer stored = FourBitCases.stored(StoredType.F32, new float[] {Float.MAX_VALUE, -1e38f});
    FourBitFormat format = FourBitCases.NF4;
    assertThat(Found.of(CpuKernels.of(variant), format, StoredType.F32, stored).packed())
        .isEqualTo(Found.of(JavaKernels.INSTANCE, format, StoredType.F32, stored).packed());
  }

  @ParameterizedTest
  @MethodSource("variants")
  void everyFiniteNumberOf16BitsIsQuantizedAlike(CpuVariant variant) {
    for (StoredType type : List.of(StoredType.F16, StoredType.BF16)) {
      ByteBuffer all = FourBitCases.stored(type, new float[1 << 16]);
      for (int bits = 0; bits < 1 << 16; bits++) {
        boolean finite =
            type == StoredType.F16 ? (bits & 0x7C00) != 0x7C00 : (bits & 0x7F80) != 0x7F80;
        all.putShort(2 * bits, (short) (finite ? bits : 0));
      }
      for (FourBitFormat format : quantizations()) {
        Found expected = Found.of(JavaKernels.INSTANCE, format, type, all);
        Found found = Found.of(CpuKernels.of(variant), format, type, all);
        assertThat(found.packed()).isEqualTo(expected.packed());
        assertThat(found.absmax()).isEqualTo(expected.absmax());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aNumberThatIsNotFiniteIsToldOfWhereverItIs(float bad) {
    Random random = new Random(7);
    for (CpuVariant variant : variants().toList()) {
      for (StoredType type : TYPES) {
        for (int count : new int[] {1, 64, 1000, 20_000}) {
          float[] values = FourBitCases.normal(count, count);
          values[random.nextInt(count)] = bad;
          ByteBuffer stored = FourBitCases.stored(type, values);
          assertThat(Found.of(CpuKernels.of(variant), FourBitCases.FP4, type, stored).finite())
              .as("%s, %s, %d", variant, type, count)
              .isFalse();
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3"})
  void theNumberOfThreadsChangesNothing(int count) {
    float[] values = FourBitCases.normal(100_001, 9);
    ByteBuffer stored = FourBitCases.stored(StoredType.BF16, values);
    Torch.threads(count);
    Found found = Found.of(CpuKernels.open(), FourBitCases.NF4, StoredType.BF16, stored);
    Found expected = Found.of(JavaKernels.INSTANCE, FourBitCases.NF4, StoredType.BF16, stored);
    assertThat(found.packed()).isEqualTo(expected.packed());
    assertThat(found.absmax()).isEqualTo(expected.absmax());
  }

  @Test
  void aRunFillsItsPlaceOnly() {
    ByteBuffer stored = FourBitCases.stored(StoredType.F32, FourBitCases.normal(199, 1));
    ByteBuffer packed = ByteBuffer.allocateDirect(120).position(10);
    float[] absmax = new float[7];
    CpuKernels.open().quantize(FourBitCases.NF4, StoredType.F32, stored, 199, packed, absmax, 2);
    assertThat(packed.position()).isEqualTo(110);
    assertThat(absmax[1]).isZero();
    assertThat(absmax[6]).isZero();
    Found expected = Found.of(JavaKernels.INSTANCE, FourBitCases.NF4, StoredType.F32, stored);
    byte[] found = new byte[120];
    packed.get(0, found);
    assertThat(found).startsWith(new byte[10]).endsWith(new byte[10]);
    assertThat(Arrays.copyOfRange(found, 10, 110)).isEqualTo(expected.packed());
  }

  @Test
  void fewerNumbersThanSaidAreRefusedBeforeTheyReachNativeCode() {
    ByteBuffer stored = FourBitCases.stored(StoredType.F32, new float[63]);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                CpuKernels.open()
                    .quantize(
                        FourBitCases.NF4,
                        StoredType.F32,
                        stored,
                        64,
                        ByteBuffer.allocate(32),
                        new float[1],
                        0))
        .withMessageContaining("values: expected 64 numbers in direct memory");
  }
}
