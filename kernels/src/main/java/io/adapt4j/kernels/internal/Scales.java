package io.adapt4j.kernels.internal;

/** Scales of a tensor's blocks, that is their largest magnitudes, as floats or quantized. */
public interface Scales {

  /** {@return the number of blocks} */
  int count();

  float of(int block);

  /** {@return their memory in bytes} */
  long bytes();
}
