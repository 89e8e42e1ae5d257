package io.adapt4j.rag.index;

import java.time.Duration;

/**
 * Policy for committing changes durably. Searches see changes immediately in any case; a crash
 * reverts those since the last commit, each document atomically.
 */
sealed interface CommitPolicy {

  /** Each call that changes the index returns after its changes are on disk. */
  record EachBatch() implements CommitPolicy {}

  /** Changes are on disk at most this long after they were made. */
  record Every(Duration interval) implements CommitPolicy {

    /** Creates the policy. Throws {@link IllegalArgumentException} if it is not. */
    public Every {
      if (interval.isNegative() || interval.isZero()) {
        throw new IllegalArgumentException("interval: expected more than 0, found " + interval);
      }
    }
  }

  /** Changes are on disk after the index is closed, or {@link LuceneIndex#commit} is called. */
  record OnClose() implements CommitPolicy {}
}
