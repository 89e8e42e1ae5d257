package io.adapt4j.core.internal.data;

import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** Digest that identifies data by its tokens. */
final class SampleDigest {

  private SampleDigest() {}

  /** Adds a sample. A weight of 1 is not hashed, so data without weights keeps its digest. */
  static void add(MessageDigest digest, TrainingSample sample, double weight) {
    ByteBuffer bytes =
        ByteBuffer.allocate((2 * sample.length() + 1) * Integer.BYTES + Double.BYTES);
    bytes.putInt(sample.length());
    bytes.asIntBuffer().put(sample.ids()).put(sample.labels());
    bytes.putDouble(bytes.capacity() - Double.BYTES, weight);
    digest.update(bytes.array(), 0, bytes.capacity() - (weight == 1 ? Double.BYTES : 0));
  }
}
