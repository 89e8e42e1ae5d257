package io.adapt4j.eval.metric;

/** How metrics of several classes become one, as in scikit-learn. */
enum Average {
  /** All decisions together. */
  MICRO,
  /** The mean of the classes, each counting the same. */
  MACRO,
  /** The mean of the classes, each counting as often as it is true. */
  WEIGHTED
}
