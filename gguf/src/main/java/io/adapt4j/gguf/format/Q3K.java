package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/** Q3_K: 256 upper bits, 256 lower halves of 2 bits, 16 scales of 6 bits, their scale in fp16. */
final class Q3K extends BlockFormat implements TableFormat {

  private static final int BYTES = 110;
  private static final int PARTS = 16;
  private static final int HALF = 4;
  private static final int HALF_SCALE = 32;
  private static final int UPPER = 32;
  private static final int LEVELS = 32;
  private static final int SCALES = 96;
  private static final int SCALE = 108;
  private static final int MAX_BLOCKS = Lanes.MAX / PARTS;
  private static final float NO_MAGNITUDE = 1e-15f;
  private static final int ROUNDS = 5;
  private static final byte[] NUMBERS = {-4, -3, -2, -1, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0};

  Q3K() {
    super(11, VALUES, BYTES);
  }

  @Override
  void encode(float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
    if (weights != null) {
      encodeByImportance(values, pos, blocks, weights, out, at);
      return;
    }
    float[][] levels = new float[PART][PARTS];
    float[] found = new float[PARTS];
    for (int block = 0; block < blocks; block++) {
      int from = pos + block * VALUES;
      int to = at + block * BYTES;
      float extreme = 0;
      for (int part = 0; part < PARTS; part++) {
        found[part] = fit(values, from + part * PART, levels, part);
        extreme = Math.abs(found[part]) > Math.abs(extreme) ? found[part] : extreme;
      }
      float inverse = extreme == 0 ? 0 : -HALF_SCALE / extreme;
      clearScales(out, to);
      for (int part = 0; part < PARTS && extreme != 0; part++) {
        int level = (byte) Lanes.nearest(inverse * found[part]);
        level = Math.max(-HALF_SCALE, Math.min(HALF_SCALE - 1, level));
        putScale(out, to, part, level + HALF_SCALE);
      }
      Half.put(out, to + SCALE, extreme == 0 ? 0 : Half.of(1 / inverse));
      for (int part = 0; part < PARTS; part++) {
        float scale = Half.getFloat(out, to + SCALE) * scale(out, to, part);
        for (int i = 0; i < PART && scale != 0; i++) {
          int level = Lanes.nearest(values[from + part * PART + i] / scale);
          levels[i][part] = Math.max(-HALF, Math.min(HALF - 1, level)) + HALF;
        }
      }
      putLevels(levels, 0, out, to);
    }
  }

  /**
   * Finds the scale of a part by the steps of ggml's {@code make_q3_quants}: rounds with the
   * largest magnitude at the end of the range, then changes single levels while that lowers the
   * error.
   */
  private static float fit(float[] values, int from, float[][] levels, int part) {
    float extreme = 0;
    for (int i = 0; i < PART; i++) {
      float value = values[from + i];
      extreme = Math.abs(value) > Math.abs(extreme) ? value : extreme;
    }
    if (Math.abs(extreme) < NO_MAGNITUDE) {
      for (int i = 0; i < PART; i++) {
        levels[i][part] = 0;
      }
      return 0;
    }
    float inverse = -HALF / extreme;
    float sumX = 0;
    float sumL2 = 0;
    for (int i = 0; i < PART; i++) {
      float value = values[from + i];
      int level = nearest(inverse * value);
      levels[i][part] = level;
      sumX += value * value * value * level;
      sumL2 += value * value * level * level;
    }
    boolean isChanged = true;
    for (int round = 0; round < ROUNDS && isChanged; round++) {
      isChanged = false;
      for (int i = 0; i < PART; i++) {
        float value = values[from + i];
        float weight = value * value;
        float level = levels[i][part];
        float otherX = sumX - weight * value * level;
        if (!(otherX > 0)) {
          continue;
        }
        float otherL2 = sumL2 - weight * level * level;
        int changed = nearest(value * otherL2 / otherX);
        if (changed == level) {
          continue;
        }
        otherX += weight * value * changed;
        otherL2 += weight * changed * changed;
        if (otherL2 > 0 && otherX * otherX * sumL2 > sumX * sumX * otherL2) {
          levels[i][part] = changed;
          sumX = otherX;
          sumL2 = otherL2;
          isChanged = true;
        }
      }
    }
    for (int i = 0; i < PART; i++) {
      levels[i][part] += HALF;
    }
    return sumL2 > 0 ? sumX / sumL2 : 0;
  }

  private static int nearest(float scaled) {
    return Math.max(-HALF, Math.min(HALF - 1, Lanes.nearest(scaled)));
  }

  private static void encodeByImportance(
      float[] values, int pos, int blocks, float[] weights, byte[] out, int at) {
    int batch = Math.min(blocks, MAX_BLOCKS);
    SymmetricSearch search = new SymmetricSearch(PART, batch * PARTS, HALF);
    SymmetricSearch scales = new SymmetricSearch(PARTS, batch, HALF_SCALE);
    float[] work = new float[batch * PARTS];
    for (int first = 0; first < blocks; first += batch) {
      int count = Math.min(batch, blocks - first);
      int lanes = count * PARTS;
      int from = pos + first * VALUES;
      int to = at + first * BYTES;
      Lanes.load(values, from, lanes, search.x);
      Importance.load(weights, first * PARTS, lanes, search.weights);
      for (int j = 0; j < lanes; j++) {
        int block = from + j / PARTS * VALUES;
        work[j] =
            j % PARTS == 0
                ? 2 * Importance.sumOfSquares(values, block, VALUES) / VALUES
                : work[j - 1];
      }
      for (int i = 0; i < PART; i++) {
        Lanes.scaleImportance(search.x[i], work, search.weights[i], lanes);
      }
      search.search(lanes);
      Lanes.clear(work, lanes);
      for (float[] row : search.weights) {
        Lanes.add(row, work, lanes);
      }
      Lanes.load(search.scale, 0, count, scales.x);
      Lanes.load(work, 0, count, scales.weights);
      scales.search(count);
      scales.bestLevels(count);
      for (int lane = 0; lane < lanes; lane++) {
        int block = to + lane / PARTS * BYTES;
        if (lane % PARTS == 0) {
          clearScales(out, block);
          Half.put(out, block + SCALE, Half.of(scales.scale[lane / PARTS]));
        }
        putScale(out, block, lane % PARTS, (int) scales.levels[lane % PARTS][lane / PARTS]);
        work[lane] = Half.getFloat(out, block + SCALE);
      }
      for (int lane = 0; lane < lanes; lane++) {
        work[lane] *= scale(out, to + lane / PARTS * BYTES, lane % PARTS);
      }
      search.storedLevels(lanes, work);
      for (int block = 0; block < count; block++) {
        putLevels(search.levels, block * PARTS, out, to + block * BYTES);
      }
    }
  }

  private static void putLevels(float[][] levels, int lane, byte[] out, int at) {
    for (int i = 0; i < UPPER; i++) {
      int upper = 0;
      for (int bit = 0; bit < 8; bit++) {
        int level = (int) levels[i % PART][lane + 2 * bit + i / PART];
        upper |= level >> 2 << bit;
      }
      out[at + i] = (byte) upper;
    }
    TwoBits.put(levels, lane, out, at + LEVELS);
  }

  private static void clearScales(byte[] target, int block) {
    for (int i = SCALES; i < SCALE; i++) {
      target[block + i] = 0;
    }
  }

  /** The first eight bytes have the lower four bits, two a byte, the last four the upper two. */
  private static void putScale(byte[] target, int block, int part, int level) {
    target[block + SCALES + part % 8] |= (byte) ((level & 15) << (part / 8 * 4));
    target[block + SCALES + 8 + part % 4] |= (byte) (level >> 4 << (part / 4 * 2));
  }

  private static int scale(byte[] source, int block, int part) {
    int low = source[block + SCALES + part % 8] >> (part / 8 * 4) & 15;
    int high = source[block + SCALES + 8 + part % 4] >> (part / 4 * 2) & 3;
    return (low | high << 4) - HALF_SCALE;
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    Block block = new Block();
    for (int i = 0; i < blocks; i++) {
      decode(source, at + i * BYTES, block, values, offset + i * VALUES);
    }
  }

  @Override
  public byte[] numbers() {
    return NUMBERS;
  }

  @Override
  public int exponent() {
    return 0;
  }

  @Override
  public void split(byte[] source, int at, Block block) {
    block.scale = Half.get(source, at + SCALE);
    for (int part = 0; part < PARTS; part++) {
      block.scales[part] = (byte) scale(source, at, part);
    }
    for (int i = 0; i < VALUES; i++) {
      int upper = source[at + i % UPPER] >> (i / UPPER) & 1;
      block.codes[i] = (byte) (TwoBits.get(source, at + LEVELS, i) | upper << 2);
    }
  }

  @Override
  int[] scales() {
    return new int[] {SCALE};
  }
}
