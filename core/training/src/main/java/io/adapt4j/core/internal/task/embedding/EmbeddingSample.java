package io.adapt4j.core.internal.task.embedding;

import java.util.List;

/** A query and its passages as tokens. Not copied in or out: treat the arrays as read-only. */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
record EmbeddingSample(int[] query, List<int[]> passages, boolean truncated) {

  int longest() {
    return Math.max(query.length, passages.stream().mapToInt(ids -> ids.length).max().orElse(0));
  }

  long tokens() {
    return query.length + passages.stream().mapToLong(ids -> ids.length).sum();
  }
}
