package io.adapt4j.gguf.format;

/**
 * Types of less than four bits whose codes are indices of {@link Grid} points: IQ2 and IQ3 store
 * magnitudes and separate signs, IQ1 signed levels with an offset.
 */
abstract class GridBlocks extends BlockFormat.ReadOnly implements TableFormat {

  /** Number of values with a common scale, or a pair of scales. */
  private static final int GROUP = 32;

  private static final int GROUPS = VALUES / GROUP;

  /** Number of values with a common byte of signs. */
  private static final int RUN = 8;

  private static final int RUNS = GROUP / RUN;

  /** Bit of a code that selects the negative magnitudes, or the negative offset. */
  private static final int NEGATIVE = 8;

  private final Grid grid;
  private final int exponent;

  private GridBlocks(int id, int bytes, Grid grid, int exponent) {
    super(id, VALUES, bytes);
    this.grid = grid;
    this.exponent = exponent;
  }

  @Override
  public final int exponent() {
    return exponent;
  }

  @Override
  public final byte[] numbers() {
    byte[] numbers = new byte[2 * NEGATIVE];
    int[] levels = grid.levels();
    for (int i = 0; i < levels.length; i++) {
      // IQ1: an eighth is added or subtracted.
      numbers[i] = (byte) (grid == Grid.IQ1 ? 8 * levels[i] + 1 : levels[i]);
      numbers[i + NEGATIVE] = (byte) (grid == Grid.IQ1 ? 8 * levels[i] - 1 : -levels[i]);
    }
    return numbers;
  }

  @Override
  final void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    Block block = new Block();
    for (int i = 0; i < blocks; i++) {
      decode(source, at + i * bytes(), block, values, offset + i * VALUES);
    }
  }

  @Override
  public final void split(byte[] source, int at, Block block) {
    block.scale = scale(source, at);
    byte[] points = grid.points();
    for (int group = 0; group < GROUPS; group++) {
      split(source, at, group, points, block);
    }
  }

  /** Returns the scale in fp16 of the block that starts at a byte. */
  int scale(byte[] source, int at) {
    return Half.get(source, at);
  }

  abstract void split(byte[] source, int at, int group, byte[] points, Block block);

  /** Puts the codes of a point; a set bit is a negative sign. */
  private static void put(byte[] points, int from, int signs, byte[] codes, int to, int count) {
    for (int i = 0; i < count; i++) {
      codes[to + i] = (byte) (points[from + i] | (signs >> i & 1) * NEGATIVE);
    }
  }

  /** Puts the levels of the two scales of a group: level l means 2 l + 1. */
  private static void putScales(Block block, int group, int first, int second) {
    block.scales[2 * group] = (byte) (2 * first + 1);
    block.scales[2 * group + 1] = (byte) (2 * second + 1);
  }

  /** Returns eight signs of seven bits: the number of negative ones is even. */
  private static int evenSigns(int seven) {
    int signs = seven & 127;
    return signs | (Integer.bitCount(signs) & 1) << 7;
  }

  private static int int32(byte[] source, int at) {
    return Half.get(source, at) | Half.get(source, at + 2) << 16;
  }

  private static int nibble(int number, int index) {
    return number >> (4 * index) & 15;
  }

  /**
   * IQ2_XXS: the scale in fp16; per group four indices, four times seven signs, and 4 bits of
   * scale.
   */
  static final class Iq2Xxs extends GridBlocks {

    Iq2Xxs() {
      super(16, 66, Grid.IQ2_XXS, 3);
    }

    @Override
    void split(byte[] source, int at, int group, byte[] points, Block block) {
      int from = at + 2 + 8 * group;
      int signs = int32(source, from + 4);
      putScales(block, group, signs >>> 28, signs >>> 28);
      for (int run = 0; run < RUNS; run++) {
        int point = source[from + run] & 0xFF;
        int to = group * GROUP + run * RUN;
        put(points, point * RUN, evenSigns(signs >> (7 * run)), block.codes, to, RUN);
      }
    }
  }

  /** IQ2_XS: the scale in fp16; indices of 9 bits with seven signs each; 16 scales of 4 bits. */
  static final class Iq2Xs extends GridBlocks {

    private static final int SCALES = 66;

    Iq2Xs() {
      super(17, 74, Grid.IQ2_XS, 3);
    }

    @Override
    void split(byte[] source, int at, int group, byte[] points, Block block) {
      int levels = source[at + SCALES + group];
      putScales(block, group, nibble(levels, 0), nibble(levels, 1));
      for (int run = 0; run < RUNS; run++) {
        int code = Half.get(source, at + 2 + 8 * group + 2 * run);
        int to = group * GROUP + run * RUN;
        put(points, (code & 511) * RUN, evenSigns(code >> 9), block.codes, to, RUN);
      }
    }
  }

  /** IQ2_S: the scale in fp16, the low bytes of indices, the signs, two more bits, the scales. */
  static final class Iq2S extends GridBlocks {

    private static final int SIGNS = 34;
    private static final int HIGH = 66;
    private static final int SCALES = 74;

    Iq2S() {
      super(22, 82, Grid.IQ2_S, 3);
    }

    @Override
    void split(byte[] source, int at, int group, byte[] points, Block block) {
      int levels = source[at + SCALES + group];
      putScales(block, group, nibble(levels, 0), nibble(levels, 1));
      int high = source[at + HIGH + group];
      for (int run = 0; run < RUNS; run++) {
        int code = RUNS * group + run;
        int point = (source[at + 2 + code] & 0xFF) | ((high >> (2 * run)) & 3) << 8;
        put(points, point * RUN, source[at + SIGNS + code], block.codes, code * RUN, RUN);
      }
    }
  }

  /** IQ3_XXS: the scale in fp16, the indices; per group four times seven signs, 4 bits of scale. */
  static final class Iq3Xxs extends GridBlocks {

    private static final int SIGNS = 66;

    Iq3Xxs() {
      super(18, 98, Grid.IQ3_XXS, 2);
    }

    @Override
    void split(byte[] source, int at, int group, byte[] points, Block block) {
      int signs = int32(source, at + SIGNS + 4 * group);
      putScales(block, group, signs >>> 28, signs >>> 28);
      for (int half = 0; half < 2 * RUNS; half++) {
        int point = source[at + 2 + 8 * group + half] & 0xFF;
        int own = evenSigns(signs >> (7 * (half / 2))) >> (4 * (half % 2));
        int to = group * GROUP + half * RUN / 2;
        put(points, point * RUN / 2, own, block.codes, to, RUN / 2);
      }
    }
  }

  /** IQ3_S: the scale in fp16, the low bytes of indices, their high bits, the signs, the scales. */
  static final class Iq3S extends GridBlocks {

    private static final int HIGH = 66;
    private static final int SIGNS = 74;
    private static final int SCALES = 106;

    Iq3S() {
      super(21, 110, Grid.IQ3_S, 0);
    }

    @Override
    void split(byte[] source, int at, int group, byte[] points, Block block) {
      int level = nibble(source[at + SCALES + group / 2], group % 2);
      putScales(block, group, level, level);
      for (int half = 0; half < 2 * RUNS; half++) {
        int high = source[at + HIGH + group] >> half & 1;
        int point = (source[at + 2 + 8 * group + half] & 0xFF) | high << 8;
        int signs = nibble(source[at + SIGNS + RUNS * group + half / 2], half % 2);
        int to = group * GROUP + half * RUN / 2;
        put(points, point * RUN / 2, signs, block.codes, to, RUN / 2);
      }
    }
  }

  /** IQ1_S: the scale in fp16, the low bytes of indices; per group high bits, scale and offset. */
  static final class Iq1S extends GridBlocks {

    private static final int HIGH = 34;

    Iq1S() {
      super(19, 50, Grid.IQ1, 3);
    }

    @Override
    void split(byte[] source, int at, int group, byte[] points, Block block) {
      int high = Half.get(source, at + HIGH + 2 * group);
      putScales(block, group, high >> 12 & 7, high >> 12 & 7);
      for (int run = 0; run < RUNS; run++) {
        int low = source[at + 2 + RUNS * group + run] & 0xFF;
        int point = low | ((high >> (3 * run)) & 7) << 8;
        int to = group * GROUP + run * RUN;
        put(points, point * RUN, -(high >> 15), block.codes, to, RUN);
      }
    }
  }

  /**
   * IQ1_M: the low bytes of indices, their high bits with the offsets, the scales, whose upper four
   * bits together are the fp16 scale.
   */
  static final class Iq1M extends GridBlocks {

    private static final int HIGH = 32;
    private static final int SCALES = 48;

    Iq1M() {
      super(29, 56, Grid.IQ1, 3);
    }

    @Override
    int scale(byte[] source, int at) {
      int half = 0;
      for (int i = 0; i < 4; i++) {
        half |= Half.get(source, at + SCALES + 2 * i) >> 12 << (4 * i);
      }
      return half;
    }

    @Override
    void split(byte[] source, int at, int group, byte[] points, Block block) {
      int levels = Half.get(source, at + SCALES + group / 2 * 2) >> (6 * (group % 2));
      putScales(block, group, levels & 7, levels >> 3 & 7);
      for (int run = 0; run < RUNS; run++) {
        int high = nibble(source[at + HIGH + 2 * group + run / 2], run % 2);
        int point = (source[at + RUNS * group + run] & 0xFF) | (high & 7) << 8;
        int to = group * GROUP + run * RUN;
        put(points, point * RUN, -(high >> 3), block.codes, to, RUN);
      }
    }
  }
}
