package io.adapt4j.gguf.internal.load;

import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.Quantizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Values of a file's tensors, dequantized. */
final class Dequantized {

  private Dequantized() {}

  /** Dequantizes a row of a file's tensor, whose width is that of the array. */
  static void read(GgufFile file, GgufTensor tensor, long row, float[] values) {
    int bytes = Math.toIntExact(tensor.type().bytes(values.length));
    ByteBuffer blocks = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    file.read(tensor, row * bytes, blocks);
    Quantizer.of(tensor.type()).dequantize(blocks.flip(), values, 0, values.length);
  }

  static float[] of(GgufFile file, GgufTensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    read(file, tensor, 0, values);
    return values;
  }
}
