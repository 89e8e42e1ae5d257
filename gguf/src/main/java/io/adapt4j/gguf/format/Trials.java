package io.adapt4j.gguf.format;

/**
 * The trial scales of a search: a block's range over (top + first + step * i).
 *
 * @param first added to the largest level at first
 * @param step added with each trial
 * @param last the number of the last trial, counted from 0
 */
record Trials(float first, float step, int last) {

  /** {@return what the range is divided by in a trial} */
  float divisor(int trial, int top) {
    return first + step * trial + top;
  }
}
