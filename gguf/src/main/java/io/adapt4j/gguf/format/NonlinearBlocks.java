package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/**
 * IQ4_NL and IQ4_XS: 4 bits a value, whose 16 levels are closer together near zero.
 *
 * <p>A part's scale is the best of 16 trials, by the steps of ggml's {@code
 * quantize_row_iq4_nl_impl}.
 */
abstract class NonlinearBlocks extends BlockFormat {

  private static final int[] LEVELS = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  /** Codes of the nearest level by twice the value, rounded down, from -256 to 255. */
  private static final byte[] CODES = codes();

  private static final int PART = 32;
  private static final int HALF = PART / 2;
  private static final int TRIALS = 7;
  private static final float NO_MAGNITUDE = 1e-15f;

  private NonlinearBlocks(int id, int values, int bytes) {
    super(id, values, bytes);
  }

  private static byte[] codes() {
    byte[] codes = new byte[512];
    for (int twice = -256; twice < 256; twice++) {
      int code = 0;
      // A value in the middle has the upper level.
      while (code < 15 && twice >= LEVELS[code] + LEVELS[code + 1]) {
        code++;
      }
      codes[twice + 256] = (byte) code;
    }
    return codes;
  }

  /** Returns the code of the nearest level; the last one for NaN, like the reference. */
  private static int code(float value) {
    if (value > -128 && value < 127) {
      // Exact: doubles hold the sum of any float in this range that is not tiny.
      return CODES[(int) (2.0 * value + 256)];
    }
    return value <= -128 ? 0 : 15;
  }

  /** Weights of a part's values, and the scale that was found for them. */
  private static final class Search {
    private final float[] weights = new float[PART];
    private float sumX;
    private float sumL2;

    private void weigh(
        float[] values, int from, float @Nullable [] importance, int column, float meanSquare) {
      for (int i = 0; i < PART; i++) {
        float square = values[from + i] * values[from + i];
        weights[i] =
            importance == null
                ? square
                : importance[column + i] * (float) Math.sqrt(meanSquare + square);
      }
    }

    private float scale(float[] values, int from) {
      float extreme = 0;
      for (int i = 0; i < PART; i++) {
        float value = values[from + i];
        extreme = Math.abs(value) > Math.abs(extreme) ? value : extreme;
      }
      if (Math.abs(extreme) < NO_MAGNITUDE) {
        return 0;
      }
      fit(values, from, 1 / (-extreme / LEVELS[0]));
      float scale = sumX / sumL2;
      float best = scale * sumX;
      for (int trial = -TRIALS; trial <= TRIALS; trial++) {
        fit(values, from, (trial + LEVELS[0]) / extreme);
        if (sumL2 > 0 && sumX * sumX > best * sumL2) {
          scale = sumX / sumL2;
          best = scale * sumX;
        }
      }
      return scale;
    }

    private void fit(float[] values, int from, float inverse) {
      sumX = 0;
      sumL2 = 0;
      for (int i = 0; i < PART; i++) {
        float value = values[from + i];
        float level = LEVELS[code(inverse * value)];
        float weighted = weights[i] * level;
        sumX += weighted * value;
        sumL2 += weighted * level;
      }
    }
  }

  private static void putCodes(float[] values, int from, float inverse, byte[] out, int to) {
    for (int i = 0; i < HALF; i++) {
      int low = code(inverse * values[from + i]);
      int high = code(inverse * values[from + HALF + i]);
      out[to + i] = (byte) (low | high << 4);
    }
  }

  private static void restore(float scale, byte[] source, int from, float[] values, int to) {
    for (int i = 0; i < HALF; i++) {
      values[to + i] = scale * LEVELS[source[from + i] & 15];
      values[to + HALF + i] = scale * LEVELS[source[from + i] >> 4 & 15];
    }
  }

  @Override
  final int[] scales() {
    return new int[] {0};
  }

  /** IQ4_NL: the scale in fp16, then the codes of 32 values. */
  static final class Iq4Nl extends NonlinearBlocks {

    private static final int BYTES = 18;

    Iq4Nl() {
      super(20, PART, BYTES);
    }

    @Override
    void encode(
        float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
      Search search = new Search();
      for (int block = 0; block < blocks; block++) {
        int from = pos + block * PART;
        int to = at + block * BYTES;
        float meanSquare = Importance.sumOfSquares(values, from, PART) * (2f / PART);
        int column = weights == null ? 0 : block * PART % weights.length;
        search.weigh(values, from, weights, column, meanSquare);
        float scale = search.scale(values, from);
        Half.put(out, to, Half.of(scale));
        putCodes(values, from, scale == 0 ? 0 : 1 / scale, out, to + 2);
      }
    }

    @Override
    void decode(byte[] source, int at, int blocks, float[] values, int offset) {
      for (int block = 0; block < blocks; block++) {
        int from = at + block * BYTES;
        restore(Half.getFloat(source, from), source, from + 2, values, offset + block * PART);
      }
    }
  }

  /** IQ4_XS: the scale of 8 scales of 6 bits in fp16, their upper bits, their lower bits, codes. */
  static final class Iq4Xs extends NonlinearBlocks {

    private static final int VALUES = 256;
    private static final int BYTES = 136;
    private static final int PARTS = VALUES / PART;
    private static final int LOW = 4;
    private static final int CODES = 8;
    private static final int MIDDLE = 32;

    Iq4Xs() {
      super(23, VALUES, BYTES);
    }

    @Override
    void encode(
        float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
      Search search = new Search();
      float[] scales = new float[PARTS];
      for (int block = 0; block < blocks; block++) {
        int from = pos + block * VALUES;
        float meanSquare = Importance.sumOfSquares(values, from, VALUES) * (2f / VALUES);
        int column = weights == null ? 0 : block * VALUES % weights.length;
        for (int part = 0; part < PARTS; part++) {
          int start = from + part * PART;
          search.weigh(values, start, weights, column + part * PART, meanSquare);
          scales[part] = search.scale(values, start);
        }
        put(scales, values, from, out, at + block * BYTES);
      }
    }

    private static void put(float[] scales, float[] values, int from, byte[] out, int to) {
      float extreme = 0;
      for (float scale : scales) {
        extreme = Math.abs(scale) > Math.abs(extreme) ? scale : extreme;
      }
      float common = -extreme / MIDDLE;
      float inverse = common == 0 ? 0 : 1 / common;
      int upper = 0;
      for (int part = 0; part < PARTS; part++) {
        int level = Lanes.nearest(inverse * scales[part]);
        level = Math.max(-MIDDLE, Math.min(MIDDLE - 1, level));
        float scale = common * level;
        int codes = to + CODES + part * HALF;
        putCodes(values, from + part * PART, scale == 0 ? 0 : 1 / scale, out, codes);
        int stored = level + MIDDLE;
        int low = to + LOW + part / 2;
        out[low] = (byte) (part % 2 == 0 ? stored & 15 : (out[low] & 15) | (stored & 15) << 4);
        upper |= stored >> 4 << (2 * part);
      }
      Half.put(out, to, Half.of(common));
      Half.put(out, to + 2, upper);
    }

    @Override
    void decode(byte[] source, int at, int blocks, float[] values, int offset) {
      for (int block = 0; block < blocks; block++) {
        int from = at + block * BYTES;
        float common = Half.getFloat(source, from);
        int upper = Half.get(source, from + 2);
        for (int part = 0; part < PARTS; part++) {
          int low = source[from + LOW + part / 2] >> (part % 2 * 4) & 15;
          float scale = common * ((low | ((upper >> (2 * part)) & 3) << 4) - MIDDLE);
          int to = offset + block * VALUES + part * PART;
          restore(scale, source, from + CODES + part * HALF, values, to);
        }
      }
    }
  }
}
