package io.adapt4j.core.internal.task.seq2seq;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.Sample;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** A source and a target text as tokens. */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record SequenceSample(int[] source, int[] target) implements Sample {

  @Override
  public int length() {
    return Math.max(source.length, target.length);
  }

  @Override
  public long tokens() {
    return (long) source.length + target.length;
  }

  /** Counts nothing to learn without a source. */
  @Override
  public int targets() {
    return source.length == 0 ? 0 : target.length;
  }

  @Override
  public void digest(MessageDigest digest, double weight) {
    FileDigest.update(digest, source);
    FileDigest.update(digest, target);
    digest.update(ByteBuffer.allocate(Double.BYTES).putDouble(0, weight));
  }
}
