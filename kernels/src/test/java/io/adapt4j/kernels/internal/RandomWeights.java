package io.adapt4j.kernels.internal;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;

/** Random weights in 4 bits. */
final class RandomWeights {

  private RandomWeights() {}

  /** A matrix of normal values, the same for the same arguments. */
  static QuantizedTensor matrix(FourBitFormat format, int rows, int columns) {
    float[] values = normal(rows * columns, 31L * rows + columns);
    ByteBuffer packed = ByteBuffer.allocate((int) QuantizedTensor.packedBytes(values.length));
    float[] absmax = new float[(int) format.blocks(values.length)];
    JavaKernels.INSTANCE.quantize(format, values, values.length, packed, absmax, 0);
    return new QuantizedTensor(
        format,
        format.code().numbers(),
        List.of((long) rows, (long) columns),
        packed.flip(),
        format.doubleQuantized() ? NestedScales.of(absmax) : new PlainScales(absmax));
  }

  static float[] normal(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
