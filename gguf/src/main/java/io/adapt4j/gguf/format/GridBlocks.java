package io.adapt4j.gguf.format;

/**
 * Types of less than four bits whose codes are indices of {@link Grid} points: IQ2 and IQ3 store
 * magnitudes and separate signs, IQ1 signed levels with an offset.
 */
abstract class GridBlocks extends BlockFormat.ReadOnly {

  private static final int VALUES = 256;

  /** Number of values with a common scale, or a pair of scales. */
  private static final int PART = 32;

  private static final int PARTS = VALUES / PART;

  /** Number of values with a common byte of signs. */
  private static final int RUN = 8;

  private static final int RUNS = PART / RUN;
  private static final float DELTA = 0.125f;

  private final Grid grid;

  private GridBlocks(int id, int bytes, Grid grid) {
    super(id, VALUES, bytes);
    this.grid = grid;
  }

  @Override
  final void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    byte[] points = grid.points();
    for (int block = 0; block < blocks; block++) {
      for (int part = 0; part < PARTS; part++) {
        int to = offset + block * VALUES + part * PART;
        decode(source, at + block * bytes(), part, points, values, to);
      }
    }
  }

  /**
   * Dequantizes a part of a block.
   *
   * @param block the first byte of the block
   */
  abstract void decode(byte[] source, int block, int part, byte[] points, float[] values, int to);

  /** Sets values to a multiple of magnitudes; a set bit is a negative sign. */
  private static void put(
      float scale, byte[] points, int from, int signs, float[] values, int to, int count) {
    for (int i = 0; i < count; i++) {
      float value = scale * points[from + i];
      values[to + i] = (signs >> i & 1) == 0 ? value : -value;
    }
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
   * IQ2_XXS: the scale in fp16; per part four indices, four times seven signs, and 4 bits of scale.
   */
  static final class Iq2Xxs extends GridBlocks {

    Iq2Xxs() {
      super(16, 66, Grid.IQ2_XXS);
    }

    @Override
    void decode(byte[] source, int block, int part, byte[] points, float[] values, int to) {
      int at = block + 2 + 8 * part;
      int signs = int32(source, at + 4);
      float scale = Half.getFloat(source, block) * (0.5f + (signs >>> 28)) * 0.25f;
      for (int run = 0; run < RUNS; run++) {
        int point = source[at + run] & 0xFF;
        put(scale, points, point * RUN, evenSigns(signs >> (7 * run)), values, to + run * RUN, RUN);
      }
    }
  }

  /** IQ2_XS: the scale in fp16; indices of 9 bits with seven signs each; 16 scales of 4 bits. */
  static final class Iq2Xs extends GridBlocks {

    private static final int SCALES = 66;

    Iq2Xs() {
      super(17, 74, Grid.IQ2_XS);
    }

    @Override
    void decode(byte[] source, int block, int part, byte[] points, float[] values, int to) {
      for (int run = 0; run < RUNS; run++) {
        int code = Half.get(source, block + 2 + 8 * part + 2 * run);
        int level = nibble(source[block + SCALES + part], run / 2);
        float scale = Half.getFloat(source, block) * (0.5f + level) * 0.25f;
        int point = code & 511;
        put(scale, points, point * RUN, evenSigns(code >> 9), values, to + run * RUN, RUN);
      }
    }
  }

  /** IQ2_S: the scale in fp16, the low bytes of indices, the signs, two more bits, the scales. */
  static final class Iq2S extends GridBlocks {

    private static final int SIGNS = 34;
    private static final int HIGH = 66;
    private static final int SCALES = 74;

    Iq2S() {
      super(22, 82, Grid.IQ2_S);
    }

    @Override
    void decode(byte[] source, int block, int part, byte[] points, float[] values, int to) {
      int high = source[block + HIGH + part];
      for (int run = 0; run < RUNS; run++) {
        int code = RUNS * part + run;
        int point = (source[block + 2 + code] & 0xFF) | ((high >> (2 * run)) & 3) << 8;
        int level = nibble(source[block + SCALES + part], run / 2);
        float scale = Half.getFloat(source, block) * (0.5f + level) * 0.25f;
        int signs = source[block + SIGNS + code];
        put(scale, points, point * RUN, signs, values, to + run * RUN, RUN);
      }
    }
  }

  /** IQ3_XXS: the scale in fp16, the indices; per part four times seven signs, 4 bits of scale. */
  static final class Iq3Xxs extends GridBlocks {

    private static final int SIGNS = 66;

    Iq3Xxs() {
      super(18, 98, Grid.IQ3_XXS);
    }

    @Override
    void decode(byte[] source, int block, int part, byte[] points, float[] values, int to) {
      int signs = int32(source, block + SIGNS + 4 * part);
      float scale = Half.getFloat(source, block) * (0.5f + (signs >>> 28)) * 0.5f;
      for (int half = 0; half < 2 * RUNS; half++) {
        int point = source[block + 2 + 8 * part + half] & 0xFF;
        int own = evenSigns(signs >> (7 * (half / 2))) >> (4 * (half % 2));
        put(scale, points, point * RUN / 2, own, values, to + half * RUN / 2, RUN / 2);
      }
    }
  }

  /** IQ3_S: the scale in fp16, the low bytes of indices, their high bits, the signs, the scales. */
  static final class Iq3S extends GridBlocks {

    private static final int HIGH = 66;
    private static final int SIGNS = 74;
    private static final int SCALES = 106;

    Iq3S() {
      super(21, 110, Grid.IQ3_S);
    }

    @Override
    void decode(byte[] source, int block, int part, byte[] points, float[] values, int to) {
      int level = nibble(source[block + SCALES + part / 2], part % 2);
      float scale = Half.getFloat(source, block) * (1 + 2 * level);
      for (int half = 0; half < 2 * RUNS; half++) {
        int high = source[block + HIGH + part] >> half & 1;
        int point = source[block + 2 + 8 * part + half] & 0xFF;
        point |= high << 8;
        int signs = nibble(source[block + SIGNS + RUNS * part + half / 2], half % 2);
        put(scale, points, point * RUN / 2, signs, values, to + half * RUN / 2, RUN / 2);
      }
    }
  }

  /** Sets values to a multiple of signed levels and an offset. */
  private static void putSigned(
      float scale, byte[] points, int point, boolean isBelow, float[] values, int to) {
    float delta = isBelow ? -DELTA : DELTA;
    for (int i = 0; i < RUN; i++) {
      values[to + i] = scale * (points[point * RUN + i] + delta);
    }
  }

  /** IQ1_S: the scale in fp16, the low bytes of indices; per part high bits, scale and offset. */
  static final class Iq1S extends GridBlocks {

    private static final int HIGH = 34;

    Iq1S() {
      super(19, 50, Grid.IQ1);
    }

    @Override
    void decode(byte[] source, int block, int part, byte[] points, float[] values, int to) {
      int high = Half.get(source, block + HIGH + 2 * part);
      float scale = Half.getFloat(source, block) * (2 * (high >> 12 & 7) + 1);
      for (int run = 0; run < RUNS; run++) {
        int low = source[block + 2 + RUNS * part + run] & 0xFF;
        int point = low | ((high >> (3 * run)) & 7) << 8;
        putSigned(scale, points, point, high >> 15 != 0, values, to + run * RUN);
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
      super(29, 56, Grid.IQ1);
    }

    @Override
    void decode(byte[] source, int block, int part, byte[] points, float[] values, int to) {
      int half = 0;
      for (int i = 0; i < 4; i++) {
        half |= Half.get(source, block + SCALES + 2 * i) >> 12 << (4 * i);
      }
      int levels = Half.get(source, block + SCALES + part / 2 * 2) >> (6 * (part % 2));
      for (int run = 0; run < RUNS; run++) {
        int high = nibble(source[block + HIGH + 2 * part + run / 2], run % 2);
        int point = source[block + RUNS * part + run] & 0xFF;
        point |= (high & 7) << 8;
        float scale = Half.toFloat(half) * (2 * ((levels >> (3 * (run / 2))) & 7) + 1);
        putSigned(scale, points, point, high > 7, values, to + run * RUN);
      }
    }
  }
}
