package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/**
 * Common part of Q4_K and Q5_K: the scale of the scales and that of the minima in fp16, 8 scales
 * and 8 minima of 6 bits, for Q5_K the fifth bits, then the lower four bits.
 */
abstract class AffineKBlocks extends BlockFormat {

  private static final int VALUES = 256;
  private static final int PARTS = 8;
  private static final int PART = 32;
  private static final int TOP_SCALE = 63;
  private static final int SCALES = 4;
  private static final int LEVELS = 16;
  private static final int MAX_BLOCKS = Lanes.MAX / PARTS;

  private static final Trials BY_IMPORTANCE = new Trials(-0.9f, 0.05f, 36);

  private final Trials trials;
  private final boolean hasFifthBit;
  private final int top;

  AffineKBlocks(int id, int bytes, boolean hasFifthBit, Trials trials) {
    super(id, VALUES, bytes);
    this.trials = trials;
    this.hasFifthBit = hasFifthBit;
    this.top = hasFifthBit ? 31 : 15;
  }

  @Override
  void encode(float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
    int batch = Math.min(blocks, MAX_BLOCKS);
    Batch memory = new Batch(batch * PARTS, top);
    for (int first = 0; first < blocks; first += batch) {
      memory.blocks = Math.min(batch, blocks - first);
      memory.lanes = memory.blocks * PARTS;
      int from = pos + first * VALUES;
      Lanes.load(values, from, memory.lanes, memory.search.x);
      int to = at + first * bytes();
      if (weights == null) {
        encode(memory, out, to);
      } else {
        Importance.load(weights, first * PARTS, memory.lanes, memory.search.weights);
        encodeByImportance(memory, values, from, out, to);
      }
    }
  }

  /** The memory of a batch of blocks. */
  private static final class Batch {
    private final AffineSearch search;
    private final float[] added;
    private final float[] scale;
    private final float[] min;
    private int blocks;
    private int lanes;

    Batch(int lanes, int top) {
      search = new AffineSearch(PART, lanes, top);
      added = new float[lanes];
      scale = new float[lanes];
      min = new float[lanes];
    }
  }

  private void encode(Batch batch, byte[] target, int at) {
    AffineSearch search = batch.search;
    int lanes = batch.lanes;
    Lanes.clear(batch.added, lanes);
    for (float[] row : search.x) {
      Lanes.addSquare(row, batch.added, lanes);
    }
    for (int j = 0; j < lanes; j++) {
      batch.added[j] = (float) Math.sqrt(batch.added[j] / PART);
    }
    for (int i = 0; i < PART; i++) {
      Lanes.addMagnitude(search.x[i], batch.added, search.weights[i], lanes);
    }
    search.search(lanes, trials);
    for (int block = 0; block < batch.blocks; block++) {
      int lane = block * PARTS;
      int to = at + block * bytes();
      float maxScale = 0;
      float maxMin = 0;
      for (int part = 0; part < PARTS; part++) {
        float scale = search.scale[lane + part];
        float min = -search.start[lane + part];
        maxScale = scale > maxScale ? scale : maxScale;
        maxMin = min > maxMin ? min : maxMin;
      }
      float inverseScale = maxScale > 0 ? TOP_SCALE / maxScale : 0;
      float inverseMin = maxMin > 0 ? TOP_SCALE / maxMin : 0;
      clearScales(target, to);
      for (int part = 0; part < PARTS; part++) {
        int scale = Lanes.nearest(inverseScale * search.scale[lane + part]) & 0xFF;
        int min = Lanes.nearest(inverseMin * -search.start[lane + part]) & 0xFF;
        putScales(target, to, part, Math.min(TOP_SCALE, scale), Math.min(TOP_SCALE, min));
      }
      Half.put(target, to, Half.of(maxScale / TOP_SCALE));
      Half.put(target, to + 2, Half.of(maxMin / TOP_SCALE));
    }
    putLevels(batch, target, at);
  }

  private void encodeByImportance(Batch batch, float[] values, int offset, byte[] target, int at) {
    AffineSearch search = batch.search;
    int lanes = batch.lanes;
    for (int block = 0; block < batch.blocks; block++) {
      float sum = Importance.sumOfSquares(values, offset + block * VALUES, VALUES);
      for (int part = 0; part < PARTS; part++) {
        batch.added[block * PARTS + part] = 2 * sum / VALUES;
      }
    }
    for (int i = 0; i < PART; i++) {
      Lanes.scaleImportance(search.x[i], batch.added, search.weights[i], lanes);
    }
    search.search(lanes, BY_IMPORTANCE);
    for (int j = 0; j < lanes; j++) {
      batch.min[j] = -search.start[j];
    }
    ScaleFit scales = new ScaleFit(PARTS, TOP_SCALE);
    ScaleFit mins = new ScaleFit(PARTS, TOP_SCALE);
    for (int block = 0; block < batch.blocks; block++) {
      int lane = block * PARTS;
      int to = at + block * bytes();
      float scale = scales.fit(search.scale, search.sumW, lane);
      float min = mins.fit(batch.min, search.sumW, lane);
      clearScales(target, to);
      for (int part = 0; part < PARTS; part++) {
        putScales(target, to, part, scales.levels[part], mins.levels[part]);
      }
      Half.put(target, to, Half.of(scale));
      Half.put(target, to + 2, Half.of(min));
    }
    putLevels(batch, target, at);
  }

  private void putLevels(Batch batch, byte[] target, int at) {
    for (int block = 0; block < batch.blocks; block++) {
      int from = at + block * bytes();
      float scale = Half.getFloat(target, from);
      float min = Half.getFloat(target, from + 2);
      for (int part = 0; part < PARTS; part++) {
        batch.scale[block * PARTS + part] = scale * scale(target, from + SCALES, part);
        batch.min[block * PARTS + part] = min * min(target, from + SCALES, part);
      }
    }
    batch.search.storedLevels(batch.lanes, batch.scale, batch.min);
    for (int block = 0; block < batch.blocks; block++) {
      int to = at + block * bytes() + LEVELS;
      for (int i = 0; i < PART; i++) {
        putLevels(batch.search.levels[i], block * PARTS, target, to + i);
      }
    }
  }

  /** Two parts share 32 bytes: the first has the low halves. */
  private void putLevels(float[] levels, int lane, byte[] target, int at) {
    int low = at + (hasFifthBit ? PART : 0);
    int fifth = 0;
    for (int pair = 0; pair < PARTS / 2; pair++) {
      int first = (int) levels[lane + 2 * pair];
      int second = (int) levels[lane + 2 * pair + 1];
      target[low + pair * PART] = (byte) ((first & 15) | (second & 15) << 4);
      fifth |= (first >> 4 | second >> 4 << 1) << (2 * pair);
    }
    if (hasFifthBit) {
      target[at] = (byte) fifth;
    }
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int block = 0; block < blocks; block++) {
      int from = at + block * bytes();
      float scale = Half.getFloat(source, from);
      float min = Half.getFloat(source, from + 2);
      int fifth = from + LEVELS;
      int low = fifth + (hasFifthBit ? PART : 0);
      for (int part = 0; part < PARTS; part++) {
        float partScale = scale * scale(source, from + SCALES, part);
        float partMin = min * min(source, from + SCALES, part);
        int shift = part % 2 * 4;
        int to = offset + block * VALUES + part * PART;
        for (int i = 0; i < PART; i++) {
          int level = source[low + part / 2 * PART + i] >> shift & 15;
          if (hasFifthBit) {
            level |= (source[fifth + i] >> part & 1) << 4;
          }
          values[to + i] = partScale * level - partMin;
        }
      }
    }
  }

  private static void clearScales(byte[] target, int block) {
    for (int i = 0; i < LEVELS - SCALES; i++) {
      target[block + SCALES + i] = 0;
    }
  }

  /** The last four parts have their lower bits in the last bytes, two more atop the first eight. */
  private static void putScales(byte[] target, int block, int part, int scale, int min) {
    int at = block + SCALES;
    if (part < 4) {
      target[at + part] = (byte) scale;
      target[at + part + 4] = (byte) min;
    } else {
      target[at + part + 4] = (byte) ((scale & 15) | (min & 15) << 4);
      target[at + part - 4] |= (byte) (scale >> 4 << 6);
      target[at + part] |= (byte) (min >> 4 << 6);
    }
  }

  private static int scale(byte[] source, int at, int part) {
    return part < 4
        ? source[at + part] & 63
        : (source[at + part + 4] & 15) | (source[at + part - 4] & 0xC0) >> 2;
  }

  private static int min(byte[] source, int at, int part) {
    return part < 4
        ? source[at + part + 4] & 63
        : (source[at + part + 4] & 0xF0) >> 4 | (source[at + part] & 0xC0) >> 2;
  }

  @Override
  int[] scales() {
    return new int[] {0, 2};
  }
}
