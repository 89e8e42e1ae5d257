package io.adapt4j.core.internal.task.embedding;

import java.util.List;

/** A query and its passages as tokens. Not copied in or out: treat the arrays as read-only. */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
record EmbeddingSample(int[] query, List<int[]> passages, boolean truncated) {

  int longest() {
    return Math.max(query.length, passages.stream().mapToInt(ids -> ids.length).max().orElse(0));
  }

  long tokens() {
    return query.length + passages.stream().mapToLong(ids -> ids.length).sum();
  }
}
