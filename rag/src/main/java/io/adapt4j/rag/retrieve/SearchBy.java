package io.adapt4j.rag.retrieve;

/** Search mode for chunks. */
public enum SearchBy {
  /** By the words of the question. */
  WORDS,
  /** By the question's vector. */
  VECTOR,
  /** By both, combined by a {@link io.adapt4j.rag.spi.Fusion}. */
  BOTH
}
