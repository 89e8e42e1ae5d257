package io.adapt4j.core;

/** Ways to make one vector of a text from those of its tokens. */
public enum Pooling {
  /** The first token's. */
  FIRST,
  /** The last token's. */
  LAST,
  /** The largest entry over all tokens, for each dimension. */
  MAX,
  /** The mean over all tokens. */
  MEAN,
  /** The sum over all tokens divided by the square root of their number. */
  MEAN_SQRT,
  /** The mean weighted by position, the first token by 1, the second by 2. */
  WEIGHTED_MEAN
}
