package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/**
 * Q6_K: 256 lower halves of 4 bits, 256 upper ones of 2, 16 scales of 8 bits, and their scale in
 * fp16.
 */
final class Q6K extends BlockFormat {

  private static final int VALUES = 256;
  private static final int BYTES = 210;
  private static final int PARTS = 16;
  private static final int PART = 16;
  private static final int HALF = 32;
  private static final int UPPER = 128;
  private static final int SCALES = 192;
  private static final int SCALE = 208;
  private static final int MAX_BLOCKS = Lanes.MAX / PARTS;
  private static final float NO_MAGNITUDE = 1e-15f;

  Q6K() {
    super(14, VALUES, BYTES);
  }

  @Override
  void encode(float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
    int batch = Math.min(blocks, MAX_BLOCKS);
    SymmetricSearch search = new SymmetricSearch(PART, batch * PARTS, HALF);
    float[] scale = new float[batch * PARTS];
    for (int first = 0; first < blocks; first += batch) {
      int count = Math.min(batch, blocks - first);
      int lanes = count * PARTS;
      Lanes.load(values, pos + first * VALUES, lanes, search.x);
      if (weights == null) {
        for (int i = 0; i < PART; i++) {
          Lanes.multiply(search.x[i], search.x[i], search.weights[i], lanes);
        }
      } else {
        Importance.load(weights, first * PARTS, lanes, search.weights);
      }
      search.search(lanes);
      int to = at + first * BYTES;
      for (int block = 0; block < count; block++) {
        putScales(search.scale, block * PARTS, out, to + block * BYTES, scale);
      }
      search.storedLevels(lanes, scale);
      for (int block = 0; block < count; block++) {
        putLevels(search, block * PARTS, out, to + block * BYTES);
      }
    }
  }

  /** Stores the scales of a block and sets those of its parts to their stored values. */
  private static void putScales(float[] found, int lane, byte[] target, int at, float[] stored) {
    float max = 0;
    for (int part = 0; part < PARTS; part++) {
      float scale = found[lane + part];
      max = Math.abs(scale) > Math.abs(max) ? scale : max;
    }
    boolean isZero = Math.abs(max) < NO_MAGNITUDE;
    float inverse = isZero ? 0 : -128 / max;
    Half.put(target, at + SCALE, isZero ? 0 : Half.of(1 / inverse));
    float scale = Half.getFloat(target, at + SCALE);
    for (int part = 0; part < PARTS; part++) {
      byte level = (byte) Math.min(127, Lanes.nearest(inverse * found[lane + part]));
      target[at + SCALES + part] = level;
      stored[lane + part] = scale * level;
    }
  }

  private static void putLevels(SymmetricSearch search, int lane, byte[] target, int at) {
    for (int half = 0; half < 2; half++) {
      for (int i = 0; i < 32; i++) {
        float[] row = search.levels[i % PART];
        int part = lane + half * 8 + i / PART;
        int first = (int) row[part];
        int second = (int) row[part + 2];
        int third = (int) row[part + 4];
        int fourth = (int) row[part + 6];
        int lower = at + half * 64 + i;
        target[lower] = (byte) ((first & 15) | (third & 15) << 4);
        target[lower + 32] = (byte) ((second & 15) | (fourth & 15) << 4);
        target[at + UPPER + half * 32 + i] =
            (byte) (first >> 4 | second >> 4 << 2 | third >> 4 << 4 | fourth >> 4 << 6);
      }
    }
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int block = 0; block < blocks; block++) {
      int from = at + block * BYTES;
      float scale = Half.getFloat(source, from + SCALE);
      for (int part = 0; part < PARTS; part++) {
        float partScale = scale * source[from + SCALES + part];
        int half = part / 8;
        int quarter = part % 8 / 2;
        int lower = from + half * 64 + quarter % 2 * 32 + part % 2 * PART;
        int upper = from + UPPER + half * 32 + part % 2 * PART;
        int to = offset + block * VALUES + part * PART;
        for (int i = 0; i < PART; i++) {
          int low = source[lower + i] >> (quarter / 2 * 4) & 15;
          int high = source[upper + i] >> (2 * quarter) & 3;
          values[to + i] = partScale * ((low | high << 4) - HALF);
        }
      }
    }
  }

  @Override
  int[] scales() {
    return new int[] {SCALE};
  }
}
