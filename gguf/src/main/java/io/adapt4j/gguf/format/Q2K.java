package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/**
 * Q2_K: 16 scales and minima of 4 bits, 256 levels of 2 bits, the scale of the scales and that of
 * the minima in fp16.
 */
final class Q2K extends BlockFormat {

  private static final int VALUES = 256;
  private static final int BYTES = 84;
  private static final int PARTS = 16;
  private static final int PART = 16;
  private static final int TOP = 3;
  private static final int TOP_SCALE = 15;
  private static final int LEVELS = 16;
  private static final int SCALE = 80;
  private static final int MIN = 82;
  private static final int MAX_BLOCKS = Lanes.MAX / PARTS;
  private static final Trials TRIALS = new Trials(-0.5f, 0.1f, 15, true);
  private static final Trials BY_IMPORTANCE = new Trials(-0.9f, 0.05f, 36);

  Q2K() {
    super(10, VALUES, BYTES);
  }

  @Override
  void encode(float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
    int batch = Math.min(blocks, MAX_BLOCKS);
    AffineSearch search = new AffineSearch(PART, batch * PARTS, TOP);
    float[] scale = new float[batch * PARTS];
    float[] min = new float[batch * PARTS];
    for (int first = 0; first < blocks; first += batch) {
      int count = Math.min(batch, blocks - first);
      int lanes = count * PARTS;
      int from = pos + first * VALUES;
      int to = at + first * BYTES;
      Lanes.load(values, from, lanes, search.x);
      if (weights == null) {
        Lanes.clear(min, lanes);
        for (int i = 0; i < PART; i++) {
          Lanes.addMagnitude(search.x[i], min, search.weights[i], lanes);
        }
        search.search(lanes, TRIALS);
        putScales(search, count, out, to);
      } else {
        Importance.load(weights, first * PARTS, lanes, search.weights);
        for (int j = 0; j < lanes; j++) {
          int block = from + j / PARTS * VALUES;
          min[j] =
              j % PARTS == 0 ? Importance.sumOfSquares(values, block, VALUES) / VALUES : min[j - 1];
        }
        for (int i = 0; i < PART; i++) {
          Lanes.scaleImportance(search.x[i], min, search.weights[i], lanes);
        }
        search.search(lanes, BY_IMPORTANCE);
        fitScales(search, count, out, to);
      }
      putLevels(search, count, scale, min, out, to);
    }
  }

  private static void putScales(AffineSearch search, int blocks, byte[] out, int at) {
    for (int block = 0; block < blocks; block++) {
      int lane = block * PARTS;
      int to = at + block * BYTES;
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
      for (int part = 0; part < PARTS; part++) {
        int scale = Lanes.nearest(inverseScale * search.scale[lane + part]);
        int min = Lanes.nearest(inverseMin * -search.start[lane + part]);
        out[to + part] = (byte) (scale | min << 4);
      }
      Half.put(out, to + SCALE, Half.of(maxScale / TOP_SCALE));
      Half.put(out, to + MIN, Half.of(maxMin / TOP_SCALE));
    }
  }

  private static void fitScales(AffineSearch search, int blocks, byte[] out, int at) {
    ScaleFit scales = new ScaleFit(PARTS, TOP_SCALE);
    ScaleFit mins = new ScaleFit(PARTS, TOP_SCALE);
    float[] min = new float[PARTS];
    float[] sums = new float[PARTS];
    for (int block = 0; block < blocks; block++) {
      int lane = block * PARTS;
      int to = at + block * BYTES;
      for (int part = 0; part < PARTS; part++) {
        min[part] = -search.start[lane + part];
        sums[part] = search.sumW[lane + part];
      }
      Half.put(out, to + SCALE, Half.of(scales.fit(search.scale, search.sumW, lane)));
      Half.put(out, to + MIN, Half.of(mins.fit(min, sums, 0)));
      for (int part = 0; part < PARTS; part++) {
        out[to + part] = (byte) (scales.levels[part] | mins.levels[part] << 4);
      }
    }
  }

  private static void putLevels(
      AffineSearch search, int blocks, float[] scale, float[] min, byte[] out, int at) {
    int lanes = blocks * PARTS;
    for (int lane = 0; lane < lanes; lane++) {
      int block = at + lane / PARTS * BYTES;
      int stored = out[block + lane % PARTS];
      scale[lane] = Half.getFloat(out, block + SCALE) * (stored & 15);
      min[lane] = Half.getFloat(out, block + MIN) * (stored >> 4 & 15);
    }
    search.storedLevels(lanes, scale, min);
    for (int block = 0; block < blocks; block++) {
      TwoBits.put(search.levels, block * PARTS, out, at + block * BYTES + LEVELS);
    }
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int block = 0; block < blocks; block++) {
      int from = at + block * BYTES;
      float scale = Half.getFloat(source, from + SCALE);
      float min = Half.getFloat(source, from + MIN);
      for (int part = 0; part < PARTS; part++) {
        float partScale = scale * (source[from + part] & 15);
        float partMin = min * (source[from + part] >> 4 & 15);
        int to = offset + block * VALUES + part * PART;
        for (int i = 0; i < PART; i++) {
          int level = TwoBits.get(source, from + LEVELS, part * PART + i);
          values[to + i] = partScale * level - partMin;
        }
      }
    }
  }

  @Override
  int[] scales() {
    return new int[] {SCALE, MIN};
  }
}
