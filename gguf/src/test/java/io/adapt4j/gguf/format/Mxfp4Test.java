package io.adapt4j.gguf.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MXFP4, of usual values and of those at the edges of float. */
class Mxfp4Test {

  private static final String MXFP4 = "mxfp4.safetensors";

  @ParameterizedTest
  @ValueSource(strings = {"vectors", "importance"})
  void bytesAndValuesAreThoseOfTheReference(String inputs) {
    float[] values = References.floats(inputs + ".safetensors", "input");
    ByteBuffer bytes = ByteBuffer.allocate((int) TensorType.MXFP4.bytes(values.length));
    Quantizer.of(TensorType.MXFP4).quantize(values, 0, values.length, bytes);
    assertThat(bytes.array()).isEqualTo(References.bytes(MXFP4, "bytes." + inputs));
    float[] restored = new float[values.length];
    Quantizer.of(TensorType.MXFP4).dequantize(bytes.flip(), restored, 0, values.length);
    assertThat(restored).containsExactly(References.floats(MXFP4, "dequant." + inputs));
  }
}
