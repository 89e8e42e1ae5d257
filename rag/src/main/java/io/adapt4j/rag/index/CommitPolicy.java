package io.adapt4j.rag.index;

import java.time.Duration;

/**
 * When changes are made to outlast a crash. Searches see them at once in any case; a crash takes
 * back those since the last commit, each document as a whole.
 */
sealed interface CommitPolicy {

  /** Each call that changes the index returns after its changes are on disk. */
  record EachBatch() implements CommitPolicy {}

  /**
   * Changes are on disk at most this long after they were made.
   *
   * @param interval longer than 0
   */
  record Every(Duration interval) implements CommitPolicy {

    /**
     * Makes the policy.
     *
     * @param interval longer than 0
     * @throws IllegalArgumentException if it is not
     */
    public Every {
      if (interval.isNegative() || interval.isZero()) {
        throw new IllegalArgumentException("interval: expected more than 0, found " + interval);
      }
    }
  }

  /** Changes are on disk after the index is closed, or {@link LuceneIndex#commit} is called. */
  record OnClose() implements CommitPolicy {}
}
