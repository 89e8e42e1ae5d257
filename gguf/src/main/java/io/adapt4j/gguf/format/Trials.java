package io.adapt4j.gguf.format;

/** The trial scales of a search: a block's range over (top + first + step * i). */
record Trials(float first, float step, int last) {

  /** {@return the divisor of the range in a trial} */
  float divisor(int trial, int top) {
    return first + step * trial + top;
  }
}
