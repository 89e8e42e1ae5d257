package io.adapt4j.gguf.format;

/** Q5_1: 5 bits, a scale and a minimum for 32 values. */
final class Q51 extends AffineBlocks {

  Q51() {
    super(7, 31, 24);
  }
}
