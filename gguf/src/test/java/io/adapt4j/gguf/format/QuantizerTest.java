package io.adapt4j.gguf.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizerTest {

  private static final String READ_ONLY = "IQ[123].*|TQ.*|Q[12]_0|NVFP4";
  private static final int COLUMNS = 768;

  /** More blocks than a batch holds, and a last batch that is not full. */
  private static final int ROWS = 17;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = READ_ONLY)
  void rowsTogetherGiveTheBytesOfEachAlone(TensorType type) {
    float[] values = random(ROWS * COLUMNS);
    byte[] together = quantize(type, values);
    int rowBytes = (int) type.bytes(COLUMNS);
    for (int row = 0; row < ROWS; row++) {
      float[] alone = Arrays.copyOfRange(values, row * COLUMNS, (row + 1) * COLUMNS);
      assertThat(Arrays.copyOfRange(together, row * rowBytes, (row + 1) * rowBytes))
          .isEqualTo(quantize(type, alone));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = READ_ONLY)
  void rowsByImportanceTogetherGiveTheBytesOfEachAlone(TensorType type) {
    float[] values = random(ROWS * COLUMNS);
    float[] importance = importance();
    Quantizer quantizer = Quantizer.of(type);
    ByteBuffer together = ByteBuffer.allocate((int) type.bytes(values.length));
    quantizer.quantize(values, 0, values.length, importance, together);
    ByteBuffer alone = ByteBuffer.allocate(together.capacity());
    for (int row = 0; row < ROWS; row++) {
      quantizer.quantize(values, row * COLUMNS, COLUMNS, importance, alone);
    }
    assertThat(together.array()).isEqualTo(alone.array());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = READ_ONLY)
  void threadsAtTheSameTimeGiveTheSameBytes(TensorType type) {
    float[] values = random(ROWS * COLUMNS);
    byte[] expected = quantize(type, values);
    assertThat(IntStream.range(0, 16).parallel().mapToObj(i -> quantize(type, values)))
        .allSatisfy(bytes -> assertThat(bytes).isEqualTo(expected));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = READ_ONLY)
  void anyKindOfBufferTakesAndGivesTheSameBytes(TensorType type) {
    float[] values = random(COLUMNS);
    byte[] expected = quantize(type, values);
    ByteBuffer direct = ByteBuffer.allocateDirect(expected.length + 3).position(3);
    Quantizer.of(type).quantize(values, 0, COLUMNS, direct.order(ByteOrder.BIG_ENDIAN));
    assertThat(direct.hasRemaining()).isFalse();
    byte[] bytes = new byte[expected.length];
    direct.position(3).get(bytes);
    assertThat(bytes).isEqualTo(expected);

    float[] fromDirect = new float[COLUMNS];
    Quantizer.of(type).dequantize(direct.position(3), fromDirect, 0, COLUMNS);
    float[] fromReadOnly = new float[COLUMNS + 5];
    Quantizer.of(type)
        .dequantize(ByteBuffer.wrap(expected).asReadOnlyBuffer(), fromReadOnly, 5, COLUMNS);
    assertThat(Arrays.copyOfRange(fromReadOnly, 5, COLUMNS + 5)).containsExactly(fromDirect);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = READ_ONLY)
  void whatIsStoredIsCloseToTheValue(TensorType type) {
    float[] values = random(COLUMNS);
    float[] restored = new float[COLUMNS];
    Quantizer.of(type).dequantize(ByteBuffer.wrap(quantize(type, values)), restored, 0, COLUMNS);
    double tolerance =
        switch (type) {
          case F32 -> 0;
          case F16 -> 0x1p-11 * 4;
          case BF16 -> 0x1p-8 * 4;
          case Q8_0 -> 0.02;
          case Q6_K -> 0.1;
          case Q5_0, Q5_1, Q5_K -> 0.2;
          case Q4_0, Q4_1, Q4_K, IQ4_NL, IQ4_XS -> 0.4;
          case Q3_K -> 0.8;
          case MXFP4, Q2_K -> 1;
          default -> throw new IllegalStateException("not written: " + type);
        };
    for (int i = 0; i < COLUMNS; i++) {
      assertThat((double) Math.abs(restored[i] - values[i])).isLessThanOrEqualTo(tolerance);
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS"
      })
  void importanceLowersTheErrorOfImportantColumns(TensorType type) {
    float[] values = random(64 * COLUMNS);
    float[] importance = new float[COLUMNS];
    Arrays.fill(importance, 1e-3f);
    for (int i = 0; i < COLUMNS; i += 16) {
      importance[i] = 1;
    }
    byte[] plain = quantize(type, values);
    ByteBuffer weighted = ByteBuffer.allocate(plain.length);
    Quantizer.of(type).quantize(values, 0, values.length, importance, weighted);
    assertThat(errorOfEvery16th(type, weighted.array(), values))
        .isLessThan(0.8 * errorOfEvery16th(type, plain, values));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "Q3_K|IQ[123].*|TQ.*")
  void blocksWithATableHaveTheValuesToTheBit(TensorType type) {
    byte[] stored = new byte[7 * type.blockBytes()];
    new Random(type.id()).nextBytes(stored);
    float[] expected = new float[7 * 256];
    Quantizer.of(type).dequantize(ByteBuffer.wrap(stored), expected, 0, expected.length);
    byte[] table = new byte[7 * 163];
    Quantizer.of(type).toTable(ByteBuffer.wrap(stored), ByteBuffer.wrap(table));
    float[] found = new float[expected.length];
    for (int i = 0; i < found.length; i++) {
      int at = i / 256 * 163;
      float scale = Half.getFloat(table, at) / (1 << table[at + 2]);
      int code = table[at + 35 + i % 256 / 2] >> (i % 2 * 4) & 15;
      found[i] = scale * table[at + 19 + i % 256 / 16] * table[at + 3 + code];
    }
    assertThat(found).isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "Q[12]_0")
  void blocksOfFewLevelsHaveTheValuesInFourBitsToTheBit(TensorType type) {
    int count = 7 * type.blockSize();
    byte[] stored = new byte[7 * type.blockBytes()];
    new Random(type.id()).nextBytes(stored);
    float[] expected = new float[count];
    Quantizer.of(type).dequantize(ByteBuffer.wrap(stored), expected, 0, count);
    byte[] blocks = new byte[count / 32 * 18];
    Quantizer.of(type).toFourBits(ByteBuffer.wrap(stored), ByteBuffer.wrap(blocks));
    float[] found = new float[count];
    Quantizer.of(TensorType.Q4_0).dequantize(ByteBuffer.wrap(blocks), found, 0, count);
    // Zero times a scale below zero has a sign.
    for (int i = 0; i < count; i++) {
      found[i] += 0f;
      expected[i] += 0f;
    }
    assertThat(found).isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = READ_ONLY)
  void valuesThatAreNoNumbersAreNamed(TensorType type) {
    for (float wrong : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      float[] values = random(COLUMNS);
      values[700] = wrong;
      assertThatIllegalArgumentException()
          .isThrownBy(() -> quantize(type, values))
          .withMessage("value 700: expected a finite number, found " + wrong);
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.MATCH_NONE,
      names = {"F32|MXFP4", READ_ONLY})
  void valuesTooLargeForTheTypeAreRefused(TensorType type) {
    float[] values = random(COLUMNS);
    for (float large : new float[] {1e9f, -1e9f, 1e20f, Float.MAX_VALUE}) {
      values[300] = type == TensorType.BF16 ? Float.MAX_VALUE : large;
      assertThatIllegalArgumentException()
          .isThrownBy(() -> quantize(type, values))
          .withMessageStartingWith("value ")
          .withMessageContaining("that " + type + " can hold");
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, -1, 2e10f, Float.POSITIVE_INFINITY})
  void importanceIsANumberFromZeroTo1e10(float wrong) {
    float[] importance = importance();
    importance[7] = wrong;
    ByteBuffer target = ByteBuffer.allocate(COLUMNS);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Quantizer.of(TensorType.Q4_K)
                    .quantize(random(COLUMNS), 0, COLUMNS, importance, target))
        .withMessage("importance 7: expected 0 to 1e10, found " + wrong);
  }

  @Test
  void blocksAreWhole() {
    Quantizer quantizer = Quantizer.of(TensorType.Q4_K);
    ByteBuffer target = ByteBuffer.allocate(COLUMNS);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quantizer.quantize(random(COLUMNS), 0, 128, target))
        .withMessageContaining("multiple of 256");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quantizer.quantize(random(COLUMNS), 0, 512, new float[768], target))
        .withMessageContaining("found 768 for 512 values");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quantizer.quantize(random(COLUMNS), 0, 512, target.limit(100)))
        .withMessage("target: expected room for 288 bytes, found 100");
  }

  private static byte[] quantize(TensorType type, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(values.length));
    Quantizer.of(type).quantize(values, 0, values.length, bytes);
    return bytes.array();
  }

  private static double errorOfEvery16th(TensorType type, byte[] bytes, float[] values) {
    float[] restored = new float[values.length];
    Quantizer.of(type).dequantize(ByteBuffer.wrap(bytes), restored, 0, values.length);
    double sum = 0;
    for (int i = 0; i < values.length; i += 16) {
      sum += Math.pow(restored[i] - values[i], 2);
    }
    return sum;
  }

  private static float[] random(int count) {
    Random random = new Random(17);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] importance() {
    Random random = new Random(5);
    float[] values = new float[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }
}
