package io.adapt4j.core.internal.data;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * A tokenized text with its labels. Not copied in or out: treat the arrays as read-only.
 *
 * @param values multi-hot class labels, or the regression target; empty otherwise
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record LabeledSample(
    int[] ids, int[] typeIds, boolean ofTokens, int[] labels, float[] values) implements Sample {

  @Override
  public int length() {
    return ids.length;
  }

  @Override
  public int targets() {
    return ofTokens
        ? (int) Arrays.stream(labels).filter(label -> label != Batch.IGNORED).count()
        : 1;
  }

  @Override
  public void digest(MessageDigest digest, double weight) {
    FileDigest.update(digest, ids);
    FileDigest.update(digest, typeIds);
    FileDigest.update(digest, labels);
    ByteBuffer rest = ByteBuffer.allocate(values.length * Float.BYTES + Double.BYTES);
    rest.putDouble(weight).asFloatBuffer().put(values);
    digest.update(rest.array());
  }
}
