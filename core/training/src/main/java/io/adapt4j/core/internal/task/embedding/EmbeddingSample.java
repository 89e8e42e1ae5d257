package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.Sample;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.List;
import java.util.stream.Stream;

/**
 * A query and its passages as tokens, or padding if it is masked. Not copied in or out: treat the
 * arrays as read-only.
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
record EmbeddingSample(int[] query, List<int[]> passages, boolean masked) implements Sample {

  @Override
  public List<Integer> lengths() {
    return Stream.concat(Stream.of(query), passages.stream()).map(ids -> ids.length).toList();
  }

  @Override
  public int length() {
    return Math.max(query.length, Batch.longest(passages));
  }

  @Override
  public long tokens() {
    return query.length + passages.stream().mapToLong(ids -> ids.length).sum();
  }

  @Override
  public int targets() {
    return 1;
  }

  @Override
  public void digest(MessageDigest digest, double weight) {
    FileDigest.update(digest, query);
    passages.forEach(ids -> FileDigest.update(digest, ids));
    digest.update(ByteBuffer.allocate(Double.BYTES).putDouble(weight).array());
  }
}
