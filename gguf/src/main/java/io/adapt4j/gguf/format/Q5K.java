package io.adapt4j.gguf.format;

/** Q5_K: 5 bits, 8 blocks of 32 values with scales and minima of 6 bits. */
final class Q5K extends AffineKBlocks {

  Q5K() {
    super(13, 176, true, new Trials(-0.5f, 0.1f, 15));
  }
}
