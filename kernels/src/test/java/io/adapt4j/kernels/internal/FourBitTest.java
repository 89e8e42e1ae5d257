package io.adapt4j.kernels.internal;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What must hold of 4-bit numbers whatever the data. */
class FourBitTest {

  private static final JavaKernels KERNELS = JavaKernels.INSTANCE;

  @ParameterizedTest
  @EnumSource(FourBitCode.class)
  void everyNumberOfAFormatIsItsOwnNearest(FourBitCode type) {
    for (float number : type.numbers()) {
      assertThat(type.numbers()[type.nearest(number)]).isEqualTo(number);
    }
  }

  @ParameterizedTest
  @EnumSource(FourBitCode.class)
  void noNumberIsNearerThanTheChosenOne(FourBitCode type) {
    float[] numbers = type.numbers();
    for (float value = -1; value <= 1; value += 0x1p-12f) {
      double chosen = Math.abs(value - (double) numbers[type.nearest(value)]);
      for (float number : numbers) {
        // The boundaries of fp4 are constants of six digits.
        assertThat(chosen).isLessThanOrEqualTo(Math.abs(value - (double) number) + 1e-6);
      }
    }
  }

  @Test
  void ofTwoNumbersAsNearTheFirstIsTaken() {
    float[] rising = {-1, 0, 1};
    assertThat(Nearest.of(rising, 0.5f)).isEqualTo(1);
    assertThat(Nearest.of(rising, -0.5f)).isZero();
    assertThat(Nearest.of(rising, Math.nextUp(0.5f))).isEqualTo(2);
    assertThat(Nearest.of(rising, 7)).isEqualTo(2);
    assertThat(Nearest.of(rising, -7)).isZero();
  }

  @Test
  void theFirstOfTwoCodesIsTheHighHalfOfItsByte() {
    QuantizedTensor tensor = quantize(FourBitCases.NF4, 1, -1, 0);
    assertThat(tensor.packed()).isEqualTo(ByteBuffer.wrap(new byte[] {(byte) 0xF0, 0x77}));
  }

  @ParameterizedTest
  @CsvSource({
    "64, 4096",
    "64, 4097",
    "64, 63",
    "128, 1000",
    "256, 1",
    "512, 1537",
    "1024, 5000",
    "2048, 4096",
    "4096, 12289"
  })
  void anErrorIsAtMostHalfTheWidestGapTimesTheBlocksScale(int blockSize, int count) {
    float[] values = gaussian(count);
    for (FourBitCode type : FourBitCode.values()) {
      FourBitFormat format = new FourBitFormat(type, blockSize, false);
      QuantizedTensor tensor = quantize(format, values);
      assertThat(tensor.scales().count()).isEqualTo((count + blockSize - 1) / blockSize);
      float[] restored = restore(tensor);
      for (int i = 0; i < count; i++) {
        float absmax = tensor.scales().of(i / blockSize);
        assertThat(restored[i]).isCloseTo(values[i], within(absmax / 6 + 1e-6f));
      }
    }
  }

  @Test
  void quantizingWhatWasRestoredGivesTheSameCodes() {
    for (FourBitCode type : FourBitCode.values()) {
      FourBitFormat format = new FourBitFormat(type, 64, false);
      QuantizedTensor once = quantize(format, gaussian(1000));
      QuantizedTensor twice = quantize(format, restore(once));
      assertThat(restore(twice)).isEqualTo(restore(once));
    }
  }

  @Test
  void doubleQuantizedScalesAreWithinOnePercentOfTheirSpread() {
    float[] values = gaussian(64 * 700);
    Scales plain = quantize(FourBitCases.NF4_PLAIN, values).scales();
    NestedScales nested = (NestedScales) quantize(FourBitCases.NF4, values).scales();
    assertThat(nested.absmax()).hasSize(3);
    for (int block = 0; block < plain.count(); block++) {
      float spread = nested.absmax()[block / 256];
      assertThat(nested.of(block)).isCloseTo(plain.of(block), within(spread * 0.01f));
    }
  }

  @Test
  void doubleQuantizedWeightsTakeAtMost53HundredthsOfAByte() {
    int count = 1 << 20;
    QuantizedTensor tensor = quantize(FourBitCases.NF4, gaussian(count));
    NestedScales scales = (NestedScales) tensor.scales();
    long bytes =
        tensor.packed().remaining()
            + scales.codes().length
            + Float.BYTES * (16L + scales.numbers().length + scales.absmax().length);
    assertThat((double) bytes / count).isLessThan(0.53);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBlockOfZerosStaysZero(boolean doubleQuantized) {
    float[] values = gaussian(192);
    Arrays.fill(values, 64, 128, 0);
    for (FourBitCode type : FourBitCode.values()) {
      QuantizedTensor tensor = quantize(new FourBitFormat(type, 64, doubleQuantized), values);
      assertThat(Arrays.copyOfRange(restore(tensor), 64, 128)).containsOnly(0f);
    }
  }

  @Test
  void aBlockOfTheSmallestFloatsIsKept() {
    float[] values = {Float.MIN_VALUE, -Float.MIN_VALUE, 0};
    assertThat(restore(quantize(FourBitCases.NF4_PLAIN, values))).isEqualTo(values);
  }

  @Test
  void aRunMayBeginAndEndAnywhere() {
    QuantizedTensor tensor = quantize(FourBitCases.NF4, gaussian(333));
    float[] all = restore(tensor);
    for (int first : new int[] {0, 1, 63, 64, 65, 200}) {
      float[] run = new float[131];
      KERNELS.dequantize(tensor, first, run, run.length);
      assertThat(run).isEqualTo(Arrays.copyOfRange(all, first, first + run.length));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 7", "5, 64", "2, 129", "16, 50"})
  void productsAreThoseOfTheRestoredWeight(int outputs, int inputs) {
    QuantizedTensor flat = quantize(FourBitCases.NF4, gaussian(outputs * inputs));
    QuantizedTensor weight = reshaped(flat, outputs, inputs);
    float[] dense = restore(weight);
    int rows = 3;
    float[] x = gaussian(rows * inputs);
    float[] y = JavaMatrix.matmul(weight, x, rows);
    for (int row = 0; row < rows; row++) {
      float[] value = Arrays.copyOfRange(x, row * inputs, (row + 1) * inputs);
      float[] products = JavaMatrix.matmul(weight, value, 1);
      for (int output = 0; output < outputs; output++) {
        double sum = 0;
        for (int i = 0; i < inputs; i++) {
          sum += (double) dense[output * inputs + i] * value[i];
        }
        assertThat((double) products[output]).isCloseTo(sum, within(1e-5));
        assertThat(y[row * outputs + output]).isEqualTo(products[output]);
      }
    }
  }

  @Test
  void rowsOfAnotherWidthAreRefused() {
    QuantizedTensor weight = reshaped(quantize(FourBitCases.NF4, gaussian(12)), 3, 4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JavaMatrix.matmul(weight, new float[5], 1))
        .withMessageContaining("1 rows of 4 numbers, found 5");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 32, 63, 96, 8192})
  void otherBlockSizesAreRefused(int size) {
    refuses(
        IllegalArgumentException.class, () -> FourBitCases.nf4(size), "blockSize", "found " + size);
  }

  @Test
  void everyHalfFloatIsReadAndWrittenBackUnchanged() {
    ByteBuffer bytes = ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN);
    float[] value = new float[1];
    for (StoredType type : List.of(StoredType.F16, StoredType.BF16)) {
      for (int bits = 0; bits < 1 << 16; bits++) {
        bytes.putShort(0, (short) bits);
        StoredFloats.decode(type, bytes.clear(), value, 1);
        if (Float.isFinite(value[0])) {
          StoredFloats.encode(type, value, 1, bytes.clear());
          assertThat(bytes.getShort(0)).isEqualTo((short) bits);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "F16, 1.00048828125, 0x3C00", // halfway: to even
    "F16, 1.00146484375, 0x3C02",
    "F16, 65519, 0x7BFF",
    "F16, 2.9802322387695312e-8, 0x0000", // half the smallest: to even
    "F16, 6.1005353927612305e-5, 0x0400", // rounds up from the subnormal ones
    "F16, -2, 0xC000",
    "BF16, 1.00390625, 0x3F80",
    "BF16, 1.01171875, 0x3F82",
  })
  void roundingIsToNearestEven(StoredType type, float value, String bits) {
    ByteBuffer bytes = ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN);
    StoredFloats.encode(type, new float[] {value}, 1, bytes);
    assertThat(bytes.getShort(0)).isEqualTo((short) (int) Integer.decode(bits));
  }

  private static QuantizedTensor reshaped(QuantizedTensor tensor, long outputs, long inputs) {
    return new QuantizedTensor(
        tensor.format(),
        tensor.numbers(),
        List.of(outputs, inputs),
        tensor.packed(),
        tensor.scales());
  }

  static QuantizedTensor quantize(FourBitFormat format, float... values) {
    float[] absmax = new float[(int) format.blocks(values.length)];
    ByteBuffer packed = ByteBuffer.allocate((int) QuantizedTensor.packedBytes(values.length));
    KERNELS.quantize(format, values, values.length, packed, absmax, 0);
    return new QuantizedTensor(
        format,
        format.code().numbers(),
        List.of((long) values.length),
        packed.flip(),
        format.doubleQuantized() ? NestedScales.of(absmax) : new PlainScales(absmax));
  }

  private static float[] restore(QuantizedTensor tensor) {
    float[] values = new float[(int) tensor.elements()];
    KERNELS.dequantize(tensor, 0, values, values.length);
    return values;
  }

  private static float[] gaussian(int count) {
    Random random = new Random(count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
