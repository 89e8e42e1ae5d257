package io.adapt4j.qlora;

/** The scales of a tensor's blocks: the largest magnitude in each. */
sealed interface Scales permits PlainScales, NestedScales {

  /** The number of blocks. */
  int count();

  /** The scale of one block. */
  float of(int block);

  /** The memory they take. */
  long bytes();
}
