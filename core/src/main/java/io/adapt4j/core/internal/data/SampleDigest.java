package io.adapt4j.core.internal.data;

import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** Tells data apart by its tokens. */
final class SampleDigest {

  private SampleDigest() {}

  /** A weight of 1 leaves no trace, so that data without weights keeps its digest. */
  static void add(MessageDigest digest, TrainingSample sample, double weight) {
    ByteBuffer bytes =
        ByteBuffer.allocate((2 * sample.length() + 1) * Integer.BYTES + Double.BYTES);
    bytes.putInt(sample.length());
    bytes.asIntBuffer().put(sample.ids()).put(sample.labels());
    bytes.putDouble(bytes.capacity() - Double.BYTES, weight);
    digest.update(bytes.array(), 0, bytes.capacity() - (weight == 1 ? Double.BYTES : 0));
  }
}
