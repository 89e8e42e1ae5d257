package io.adapt4j.eval.metric;

/** Averages over classes, as in scikit-learn. */
enum Average {
  /** Counts all decisions together. */
  MICRO,
  /** The unweighted mean of the classes. */
  MACRO,
  /** The mean of the classes weighted by their support. */
  WEIGHTED
}
