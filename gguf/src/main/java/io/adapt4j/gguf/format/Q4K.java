package io.adapt4j.gguf.format;

/** Q4_K: 4 bits, 8 blocks of 32 values with scales and minima of 6 bits. */
final class Q4K extends AffineKBlocks {

  Q4K() {
    super(12, 144, false, new Trials(-1, 0.1f, 20));
  }
}
