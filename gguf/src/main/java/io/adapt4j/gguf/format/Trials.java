package io.adapt4j.gguf.format;

/**
 * The trial scales of a search: a block's range over (top + first + step * i); the best has the
 * least sum of squared or absolute differences.
 */
record Trials(float first, float step, int last, boolean absolute) {

  Trials(float first, float step, int last) {
    this(first, step, last, false);
  }

  /** {@return the divisor of the range in a trial} */
  float divisor(int trial, int top) {
    return first + step * trial + top;
  }
}
