package io.adapt4j.core;

/** Ways to pool token vectors into the vector of a text. */
public enum Pooling {
  /** The first token. */
  FIRST,
  /** The last token. */
  LAST,
  /** The maximum over all tokens in each dimension. */
  MAX,
  /** The mean over all tokens. */
  MEAN,
  /** The sum over all tokens divided by the square root of the number of tokens. */
  MEAN_SQRT,
  /** The mean weighted by position: the first token by 1, the second by 2, and so on. */
  WEIGHTED_MEAN
}
