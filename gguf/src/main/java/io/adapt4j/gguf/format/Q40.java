package io.adapt4j.gguf.format;

/** Q4_0: 4 bits, a scale for 32 values. */
final class Q40 extends SymmetricBlocks {

  Q40() {
    super(2, 8, 18);
  }
}
