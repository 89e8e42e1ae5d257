package io.adapt4j.core.internal.task.custom;

import io.adapt4j.core.internal.data.Sample;
import io.adapt4j.core.train.spi.ObjectiveSample;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** Sample of a user-defined objective. */
record CustomSample(ObjectiveSample sample) implements Sample {

  @Override
  public int length() {
    return sample.tokens().length;
  }

  @Override
  public int targets() {
    return Math.max(1, sample.positions().length);
  }

  @Override
  public void digest(MessageDigest digest, double weight) {
    int count = sample.tokens().length + sample.positions().length + sample.targets().length;
    ByteBuffer bytes = ByteBuffer.allocate((count + 3) * Integer.BYTES);
    bytes.putInt(sample.tokens().length);
    bytes.putInt(sample.positions().length);
    bytes.putInt(sample.targets().length);
    for (int token : sample.tokens()) {
      bytes.putInt(token);
    }
    for (int position : sample.positions()) {
      bytes.putInt(position);
    }
    for (float target : sample.targets()) {
      bytes.putFloat(target);
    }
    digest.update(bytes.array());
  }
}
