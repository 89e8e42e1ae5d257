package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/**
 * Common part of Q4_0 and Q5_0: the scale in fp16, for Q5_0 the fifth bits, then the lower four
 * bits.
 */
abstract class SymmetricBlocks extends BlockFormat {

  private static final int VALUES = 32;
  private static final int LEVELS = 2;

  private final int half;

  SymmetricBlocks(int id, int half, int bytes) {
    super(id, VALUES, bytes);
    this.half = half;
  }

  @Override
  void encode(float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
    if (weights != null) {
      encodeByImportance(values, pos, blocks, weights, out, at);
      return;
    }
    int[] found = new int[VALUES];
    for (int block = 0; block < blocks; block++) {
      int from = pos + block * VALUES;
      int to = at + block * bytes();
      float extreme = 0;
      for (int i = 0; i < VALUES; i++) {
        float value = values[from + i];
        extreme = Math.abs(value) > Math.abs(extreme) ? value : extreme;
      }
      float scale = extreme / -half;
      float inverse = scale == 0 ? 0 : 1 / scale;
      Half.put(out, to, Half.of(scale));
      for (int i = 0; i < VALUES; i++) {
        found[i] = Levels.of(values[from + i] * inverse + (half + 0.5f), 2 * half - 1);
      }
      Levels.put(found, out, to + LEVELS, half > 8);
    }
  }

  private void encodeByImportance(
      float[] values, int offset, int blocks, float[] importance, byte[] target, int at) {
    int batch = Math.min(blocks, Lanes.MAX);
    SymmetricSearch search = new SymmetricSearch(VALUES, batch, half);
    float[] meanSquare = new float[batch];
    int[] found = new int[VALUES];
    for (int first = 0; first < blocks; first += batch) {
      int lanes = Math.min(batch, blocks - first);
      Lanes.load(values, offset + first * VALUES, lanes, search.x);
      Importance.load(importance, first, lanes, search.weights);
      Importance.meanSquares(
          values, offset, importance.length, first * VALUES, VALUES, meanSquare, lanes);
      for (int i = 0; i < VALUES; i++) {
        Lanes.scaleImportance(search.x[i], meanSquare, search.weights[i], lanes);
      }
      search.search(lanes);
      search.bestLevels(lanes);
      for (int lane = 0; lane < lanes; lane++) {
        int to = at + (first + lane) * bytes();
        Half.put(target, to, Half.of(search.scale[lane]));
        for (int i = 0; i < VALUES; i++) {
          found[i] = (int) search.levels[i][lane];
        }
        Levels.put(found, target, to + LEVELS, half > 8);
      }
    }
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    int[] found = new int[VALUES];
    for (int block = 0; block < blocks; block++) {
      int from = at + block * bytes();
      float scale = Half.getFloat(source, from);
      Levels.get(source, from + LEVELS, half > 8, found);
      for (int i = 0; i < VALUES; i++) {
        values[offset + block * VALUES + i] = (found[i] - half) * scale;
      }
    }
  }

  @Override
  int[] scales() {
    return new int[] {0};
  }
}
