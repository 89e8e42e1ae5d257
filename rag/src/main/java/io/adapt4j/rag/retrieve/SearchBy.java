package io.adapt4j.rag.retrieve;

/** What chunks are found by. */
public enum SearchBy {
  /** Words of the question. */
  WORDS,
  /** The question's vector. */
  VECTOR,
  /** Both, joined by a {@link io.adapt4j.rag.spi.Fusion}. */
  BOTH
}
