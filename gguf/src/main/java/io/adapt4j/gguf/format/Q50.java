package io.adapt4j.gguf.format;

/** Q5_0: 5 bits, a scale for 32 values. */
final class Q50 extends SymmetricBlocks {

  Q50() {
    super(6, 16, 22);
  }
}
