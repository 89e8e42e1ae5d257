package io.adapt4j.gguf.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bytes and values are those of ggml's reference implementation, without a tolerance. */
class ReferenceBytesTest {

  private static final String VECTORS = "vectors.safetensors";
  private static final String ODD_ROWS = "importance.safetensors";

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"F32", "MXFP4"})
  void quantizesAsTheReference(TensorType type) {
    float[] values = References.floats(VECTORS, "input");
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(values.length));
    Quantizer.of(type).quantize(values, 0, values.length, bytes);
    assertThat(bytes.array())
        .isEqualTo(References.bytes(VECTORS, "bytes." + References.name(type)));
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"F32", "MXFP4"})
  void dequantizesAsTheReference(TensorType type) {
    byte[] bytes = References.bytes(VECTORS, "bytes." + References.name(type));
    float[] expected = References.floats(VECTORS, "dequant." + References.name(type));
    float[] values = new float[expected.length];
    Quantizer.of(type).dequantize(ByteBuffer.wrap(bytes), values, 0, values.length);
    assertThat(values).containsExactly(expected);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"F32", "MXFP4"})
  void quantizesRowsAtTheEdgesOfFloatAsTheReference(TensorType type) {
    float[] values = References.floats(ODD_ROWS, "input");
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(values.length));
    Quantizer.of(type).quantize(values, 0, values.length, bytes);
    assertThat(bytes.array())
        .isEqualTo(References.bytes(ODD_ROWS, "bytes." + References.name(type)));
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"F32", "MXFP4"})
  void quantizesByImportanceAsTheReference(TensorType type) {
    float[] values = References.floats(ODD_ROWS, "input");
    float[] importance = References.floats(ODD_ROWS, "importance");
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(values.length));
    Quantizer.of(type).quantize(values, 0, values.length, importance, bytes);
    assertThat(bytes.array())
        .isEqualTo(References.bytes(ODD_ROWS, "bytes.importance." + References.name(type)));
  }
}
