package io.adapt4j.kernels.internal;

/** The scales of a tensor's blocks, as floats or quantized: the largest magnitude in each. */
public interface Scales {

  /** {@return the number of blocks} */
  int count();

  /** Returns the scale of one block. */
  float of(int block);

  /** {@return the memory they take} */
  long bytes();
}
