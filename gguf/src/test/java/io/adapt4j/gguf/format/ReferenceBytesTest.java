package io.adapt4j.gguf.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes and values are those of ggml's reference implementation, without a tolerance. */
class ReferenceBytesTest {

  private static final String VECTORS = "vectors.safetensors";
  private static final String READ_ONLY = "IQ[123].*|TQ.*|Q[12]_0|NVFP4";
  private static final String ODD_ROWS = "importance.safetensors";

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.MATCH_NONE,
      names = {"F32|MXFP4", READ_ONLY})
  void quantizesAsTheReference(TensorType type) {
    float[] values = References.floats(VECTORS, "input");
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(values.length));
    Quantizer.of(type).quantize(values, 0, values.length, bytes);
    assertThat(bytes.array())
        .isEqualTo(References.bytes(VECTORS, "bytes." + References.name(type)));
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.MATCH_NONE,
      names = {"F32|MXFP4", READ_ONLY})
  void dequantizesAsTheReference(TensorType type) {
    byte[] bytes = References.bytes(VECTORS, "bytes." + References.name(type));
    float[] expected = References.floats(VECTORS, "dequant." + References.name(type));
    float[] values = new float[expected.length];
    Quantizer.of(type).dequantize(ByteBuffer.wrap(bytes), values, 0, values.length);
    assertThat(values).containsExactly(expected);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.MATCH_NONE,
      names = {"F32|MXFP4", READ_ONLY})
  void quantizesRowsAtTheEdgesOfFloatAsTheReference(TensorType type) {
    float[] values = References.floats(ODD_ROWS, "input");
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(values.length));
    Quantizer.of(type).quantize(values, 0, values.length, bytes);
    assertThat(bytes.array())
        .isEqualTo(References.bytes(ODD_ROWS, "bytes." + References.name(type)));
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.MATCH_NONE,
      names = {"F32|MXFP4", READ_ONLY})
  void quantizesByImportanceAsTheReference(TensorType type) {
    float[] values = References.floats(ODD_ROWS, "input");
    float[] importance = References.floats(ODD_ROWS, "importance");
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(values.length));
    Quantizer.of(type).quantize(values, 0, values.length, importance, bytes);
    assertThat(bytes.array())
        .isEqualTo(References.bytes(ODD_ROWS, "bytes.importance." + References.name(type)));
  }

  /** All codes, and all patterns of scales: infinities and NaN too. */
  @ParameterizedTest
  @MethodSource("randomBlocks")
  void dequantizesAnyBytesAsTheReference(TensorType type, String sha256) throws Exception {
    byte[] blocks = new byte[2048 * type.blockBytes()];
    new Random(7).nextBytes(blocks);
    float[] values = new float[2048 * type.blockSize()];
    Quantizer.of(type).dequantize(ByteBuffer.wrap(blocks), values, 0, values.length);
    ByteBuffer bits =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bits.putInt(Float.floatToIntBits(value));
    }
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(bits.array());
    assertThat(HexFormat.of().formatHex(digest)).isEqualTo(sha256);
  }

  static Stream<Arguments> randomBlocks() throws IOException {
    List<String> lines = Files.readAllLines(References.path("random-blocks.txt"));
    List<Arguments> all = new ArrayList<>();
    for (String line : lines) {
      String[] words = line.split(" ", 2);
      all.add(Arguments.of(TensorType.valueOf(words[0]), words[1]));
    }
    assertThat(all).hasSize(TensorType.values().length - 3); // all but F32, F16 and BF16
    return all.stream();
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.MATCH_ANY,
      names = {READ_ONLY})
  void typesThatAreOnlyReadAreNotWritten(TensorType type) {
    float[] values = new float[type.blockSize()];
    ByteBuffer target = ByteBuffer.allocate(type.blockBytes());
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> Quantizer.of(type).quantize(values, 0, values.length, target))
        .withMessage("type: expected one that is written, found " + type + ", which is only read");
  }
}
