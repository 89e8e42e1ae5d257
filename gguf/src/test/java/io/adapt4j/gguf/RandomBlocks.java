package io.adapt4j.gguf;

import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A matrix of random codes. */
record RandomBlocks(String name, List<Long> shape, TensorType type) implements TensorSource {

  private static final int ONE = 0x3C00;

  /** Root mean square of the values. */
  private static final double SIZE = 1.5 / 16;

  /** Program: a file, a type, and the copy to write. */
  public static void main(String[] arguments) {
    replace(Path.of(arguments[0]), TensorType.valueOf(arguments[1]), Path.of(arguments[2]));
  }

  /** Copies a file with the matrices of its layers in another type. */
  static void replace(Path file, TensorType type, Path target) {
    try (GgufFile written = GgufFile.open(file)) {
      List<TensorSource> tensors = new ArrayList<>();
      for (GgufTensor tensor : written.tensors().values()) {
        boolean isMatrix = tensor.name().startsWith("blk.") && tensor.shape().size() == 2;
        tensors.add(
            isMatrix
                ? new RandomBlocks(tensor.name(), tensor.shape(), type)
                : new CopiedTensor(written, tensor));
      }
      GgufWriter.write(target, written.metadata(), tensors);
    }
  }

  byte[] bytes() {
    int count = Math.toIntExact(shape.get(0) * shape.get(1));
    byte[] bytes = new byte[Math.toIntExact(type.bytes(count))];
    new Random(name.hashCode()).nextBytes(bytes);
    if (type == TensorType.Q2_0 || type == TensorType.TQ2_0) {
      // Levels of -1 to 1, whose mean is zero as in models: 3 becomes 1.
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] ^= (byte) ((bytes[i] & bytes[i] >> 1 & 0x55) << 1);
      }
    }
    putScales(bytes, ONE);
    double sum = 0;
    for (float value : values(bytes, count)) {
      sum += value * value;
    }
    ByteBuffer scale = ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN);
    float[] number = {(float) (SIZE / Math.sqrt(sum / count))};
    Quantizer.of(TensorType.F16).quantize(number, 0, 1, scale);
    putScales(bytes, scale.getShort(0));
    return bytes;
  }

  float[] values() {
    return values(bytes(), Math.toIntExact(shape.get(0) * shape.get(1)));
  }

  private float[] values(byte[] bytes, int count) {
    float[] values = new float[count];
    Quantizer.of(type).dequantize(ByteBuffer.wrap(bytes), values, 0, count);
    return values;
  }

  private void putScales(byte[] bytes, int half) {
    for (int block = 0; block < bytes.length; block += type.blockBytes()) {
      switch (type) {
        case NVFP4 -> {
          for (int i = 0; i < 4; i++) {
            // About 2^-6, with any mantissa.
            bytes[block + i] = (byte) (0x10 | (bytes[block + i] & 7));
          }
        }
        case MXFP4 -> bytes[block] = 122;
        case IQ1_M -> {
          for (int i = 0; i < 4; i++) {
            int at = block + 49 + 2 * i;
            bytes[at] = (byte) ((bytes[at] & 15) | ((half >> (4 * i)) & 15) << 4);
          }
        }
        case Q2_K -> {
          put(bytes, block + type.blockBytes() - 4, half);
          put(bytes, block + type.blockBytes() - 2, 0);
        }
        case Q3_K, TQ1_0, TQ2_0 -> put(bytes, block + type.blockBytes() - 2, half);
        default -> put(bytes, block, half);
      }
    }
  }

  private static void put(byte[] bytes, int at, int half) {
    bytes[at] = (byte) half;
    bytes[at + 1] = (byte) (half >> 8);
  }

  @Override
  public void writeTo(WritableByteChannel target) throws IOException {
    target.write(ByteBuffer.wrap(bytes()));
  }
}
