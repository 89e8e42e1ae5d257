package io.adapt4j.core.internal.task.reranking;

import io.adapt4j.core.internal.data.CountedBatch;
import io.adapt4j.core.internal.data.TextBatch;

/**
 * Batch of prompts with the ids of their queries. Not copied in or out: treat the array as
 * read-only.
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record RerankingBatch(TextBatch texts, int[] queries) implements CountedBatch {

  @Override
  public long targets() {
    return texts.targets();
  }

  @Override
  public double weight() {
    return texts.weight();
  }

  @Override
  public long tokens() {
    return texts.tokens();
  }
}
