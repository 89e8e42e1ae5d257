package io.adapt4j.speech.internal.training;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.Sample;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/**
 * A recording with the tokens to write.
 *
 * @param audio path or data URL; empty while all rows are checked
 * @param sound digest of the samples; empty in batches
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record RecordingSample(String audio, int[] labels, byte[] sound) implements Sample {

  @Override
  public int length() {
    return labels.length;
  }

  @Override
  public int targets() {
    return labels.length;
  }

  @Override
  public void digest(MessageDigest digest, double weight) {
    digest.update(sound);
    FileDigest.update(digest, labels);
    digest.update(ByteBuffer.allocate(Double.BYTES).putDouble(0, weight));
  }
}
