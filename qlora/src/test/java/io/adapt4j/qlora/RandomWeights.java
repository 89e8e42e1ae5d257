package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;

/** Random weights in 4 bits. */
final class RandomWeights {

  private RandomWeights() {}

  /** A matrix of normal values, the same for the same arguments. */
  static QuantisedTensor matrix(Quantization quantization, int rows, int columns) {
    float[] values = normal(rows * columns, 31L * rows + columns);
    ByteBuffer packed = ByteBuffer.allocate((int) QuantisedTensor.packedBytes(values.length));
    float[] absmax = new float[(int) quantization.blocks(values.length)];
    JavaKernels.INSTANCE.quantise(quantization, values, values.length, packed, absmax, 0);
    return new QuantisedTensor(
        quantization,
        quantization.type().numbers(),
        List.of((long) rows, (long) columns),
        StoredType.F32,
        packed.flip(),
        quantization.doubleQuantised() ? NestedScales.of(absmax) : new PlainScales(absmax));
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
