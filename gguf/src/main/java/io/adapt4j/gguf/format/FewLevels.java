package io.adapt4j.gguf.format;

import java.util.Arrays;

/** Types with one scale in fp16 and two to four levels around zero. */
abstract class FewLevels extends BlockFormat.ReadOnly {

  static final int FOUR_BIT_VALUES = 32;
  static final int FOUR_BIT_BYTES = 18;

  /** Offset of the scale in a block. */
  final int scale;

  private FewLevels(int id, int values, int bytes, int scale) {
    super(id, values, bytes);
    this.scale = scale;
  }

  @Override
  final void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int block = 0; block < blocks; block++) {
      int from = at + block * bytes();
      float multiple = Half.getFloat(source, from + scale);
      for (int i = 0; i < values(); i++) {
        values[offset + block * values() + i] = level(source, from, i) * multiple;
      }
    }
  }

  abstract int level(byte[] source, int block, int index);

  /** Writes a block's values as blocks of Q4_0, whose levels are -8 to 7 and which have 32 each. */
  final void toFourBits(byte[] source, int block, byte[] target) {
    for (int first = 0; first < values(); first += FOUR_BIT_VALUES) {
      int at = first / FOUR_BIT_VALUES * FOUR_BIT_BYTES;
      Half.put(target, at, Half.get(source, block + scale));
      for (int i = 0; i < FOUR_BIT_VALUES / 2; i++) {
        int low = level(source, block, first + i) + 8;
        int high = level(source, block, first + i + FOUR_BIT_VALUES / 2) + 8;
        target[at + 2 + i] = (byte) (low | high << 4);
      }
    }
  }

  /** Q1_0: the scale, then one bit a value: the sign. */
  static final class Q10 extends FewLevels {

    Q10() {
      super(41, 128, 18, 0);
    }

    @Override
    int level(byte[] source, int block, int index) {
      return (source[block + 2 + index / 8] >> (index % 8) & 1) * 2 - 1;
    }
  }

  /** Q2_0: the scale, then two bits a value: -1 to 2. */
  static final class Q20 extends FewLevels {

    Q20() {
      super(42, 64, 18, 0);
    }

    @Override
    int level(byte[] source, int block, int index) {
      return (source[block + 2 + index / 4] >> (index % 4 * 2) & 3) - 1;
    }
  }

  /** Types with 256 values a block. */
  private abstract static class Ternary extends FewLevels implements TableFormat {

    private static final byte[] NUMBERS = {-1, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    private Ternary(int id, int bytes, int scale) {
      super(id, VALUES, bytes, scale);
    }

    @Override
    public final byte[] numbers() {
      return NUMBERS;
    }

    @Override
    public final int exponent() {
      return 0;
    }

    @Override
    public final void split(byte[] source, int at, Block block) {
      block.scale = Half.get(source, at + scale);
      Arrays.fill(block.scales, (byte) 1);
      for (int i = 0; i < VALUES; i++) {
        block.codes[i] = (byte) (level(source, at, i) + 1);
      }
    }
  }

  /**
   * TQ1_0: five levels of -1 to 1 a byte, as the digits of a fraction in base three, except for the
   * last four bytes, which have four; then the scale.
   */
  static final class Tq10 extends Ternary {

    private static final int[] POWERS = {1, 3, 9, 27, 81};

    Tq10() {
      super(34, 54, 52);
    }

    @Override
    int level(byte[] source, int block, int index) {
      // Bytes whose digits alternate: 32, then 16, then 4.
      int group = index < 160 ? 32 : index < 240 ? 16 : 4;
      int first = index < 160 ? 0 : index < 240 ? 160 : 240;
      int start = index < 160 ? 0 : index < 240 ? 32 : 48;
      int at = index - first;
      int digits = source[block + start + at % group] * POWERS[at / group] & 0xFF;
      return ((digits * 3) >> 8) - 1;
    }
  }

  /** TQ2_0: two bits a value: -1 to 2; then the scale. */
  static final class Tq20 extends Ternary {

    Tq20() {
      super(35, 66, 64);
    }

    @Override
    int level(byte[] source, int block, int index) {
      int at = block + index / 128 * 32 + index % 32;
      return (source[at] >> (index % 128 / 32 * 2) & 3) - 1;
    }
  }
}
