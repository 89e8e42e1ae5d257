package io.adapt4j.kernels.internal;

/** The scales of a tensor's blocks, as floats or quantized: the largest magnitude in each. */
public interface Scales {

  /**
   * Returns the number of blocks.
   *
   * @return how many
   */
  int count();

  /**
   * Returns the scale of one block.
   *
   * @param block its index
   * @return its largest magnitude
   */
  float of(int block);

  /**
   * Returns the memory they take.
   *
   * @return bytes
   */
  long bytes();
}
