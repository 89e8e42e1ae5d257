package io.adapt4j.gguf.format;

/** Storage of values that are multiples of at most 16 integers: the kernels look them up. */
interface TableFormat {

  /** Number of values in a block. */
  int VALUES = 256;

  /** Number of values with a common scale. */
  int PART = 16;

  /** Returns 16 integers. */
  byte[] numbers();

  /** Returns the exponent of the power of two that divides all values. */
  int exponent();

  void split(byte[] source, int at, Block block);

  default void decode(byte[] source, int at, Block block, float[] values, int offset) {
    split(source, at, block);
    byte[] numbers = numbers();
    float scale = Half.toFloat(block.scale) * Math.scalb(1f, -exponent());
    for (int i = 0; i < VALUES; i++) {
      values[offset + i] = scale * block.scales[i / PART] * numbers[block.codes[i]];
    }
  }

  /** A block: value i is the scale times {@code scales[i / 16]} times the number of its code. */
  final class Block {

    /** Size in the layout that the kernels take. */
    static final int BYTES = Short.BYTES + 1 + 16 + VALUES / PART + VALUES / 2;

    /** The scale in fp16. */
    int scale;

    final byte[] scales = new byte[VALUES / PART];
    final byte[] codes = new byte[VALUES];

    /**
     * Writes the scale, the exponent, the numbers, the scales of the parts, and codes with the
     * first of two in the low half of a byte.
     */
    void put(TableFormat format, byte[] target, int at) {
      Half.put(target, at, scale);
      target[at + 2] = (byte) format.exponent();
      System.arraycopy(format.numbers(), 0, target, at + 3, 16);
      System.arraycopy(scales, 0, target, at + 19, scales.length);
      for (int i = 0; i < VALUES; i += 2) {
        target[at + 35 + i / 2] = (byte) (codes[i] | codes[i + 1] << 4);
      }
    }
  }
}
