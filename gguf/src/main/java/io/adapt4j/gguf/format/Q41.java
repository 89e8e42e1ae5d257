package io.adapt4j.gguf.format;

/** Q4_1: 4 bits, a scale and a minimum for 32 values. */
final class Q41 extends AffineBlocks {

  Q41() {
    super(3, 15, 20);
  }
}
