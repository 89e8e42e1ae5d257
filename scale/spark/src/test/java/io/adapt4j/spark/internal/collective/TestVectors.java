package io.adapt4j.spark.internal.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;

/** Vectors of the workers, and their sums. */
final class TestVectors {

  private TestVectors() {}

  /** The sum of vectors in pieces of uneven sizes. */
  static float[] sum(Mesh group, int length, int rounds, int lastContributors) {
    VectorSum sum = new VectorSum(group, Encoding.FP32, MeshOfThreads::zeroed);
    ByteBuffer memory = memory(new float[length]);
    int cut = length / 3 * Float.BYTES;
    Segments segments =
        Segments.of(List.of(memory.slice(0, cut), memory.slice(cut, length * Float.BYTES - cut)));
    for (int round = 0; round < rounds; round++) {
      memory.asFloatBuffer().put(vector(group.rank(), round, length));
      sum.add(segments, round == rounds - 1 ? lastContributors : group.size());
    }
    sum.take(segments);
    return floats(memory);
  }

  static ByteBuffer memory(float[] values) {
    ByteBuffer memory =
        ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
    memory.asFloatBuffer().put(values);
    return memory;
  }

  static float[] floats(ByteBuffer memory) {
    float[] values = new float[memory.capacity() / Float.BYTES];
    memory.order(ByteOrder.nativeOrder()).asFloatBuffer().get(values);
    return values;
  }

  static float[] vector(int worker, int round, int length) {
    Random random = new Random(31L * worker + round);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (random.nextFloat() - 0.5f) * (1 << random.nextInt(4));
    }
    return values;
  }

  static void add(float[] sum, float[] more) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += more[i];
    }
  }
}
