package io.adapt4j.core.internal.task.reranking;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.Sample;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** Tokens of a prompt with a query and a document, and whether the document is relevant. */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record RerankingSample(int[] ids, String query, float label) implements Sample {

  @Override
  public int length() {
    return ids.length;
  }

  @Override
  public int targets() {
    return 1;
  }

  @Override
  public void digest(MessageDigest digest, double weight) {
    FileDigest.update(digest, ids);
    ByteBuffer rest = ByteBuffer.allocate(Float.BYTES + Double.BYTES);
    digest.update(rest.putFloat(label).putDouble(weight).array());
  }
}
