package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/**
 * Common part of Q4_1 and Q5_1: scale and minimum in fp16, for Q5_1 the fifth bits, then the lower
 * four bits.
 */
abstract class AffineBlocks extends BlockFormat {

  private static final int VALUES = 32;
  private static final int LEVELS = 4;
  private static final Trials TRIALS = new Trials(-0.9f, 0.05f, 36);

  private final int top;

  AffineBlocks(int id, int top, int bytes) {
    super(id, VALUES, bytes);
    this.top = top;
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
      float least = values[from];
      float largest = values[from];
      for (int i = 1; i < VALUES; i++) {
        float value = values[from + i];
        least = value < least ? value : least;
        largest = value > largest ? value : largest;
      }
      float scale = (largest - least) / top;
      float inverse = scale == 0 ? 0 : 1 / scale;
      Half.put(out, to, Half.of(scale));
      Half.put(out, to + 2, Half.of(least));
      for (int i = 0; i < VALUES; i++) {
        found[i] = Levels.of((values[from + i] - least) * inverse + 0.5f, top);
      }
      Levels.put(found, out, to + LEVELS, top > 15);
    }
  }

  private void encodeByImportance(
      float[] values, int offset, int blocks, float[] importance, byte[] target, int at) {
    int batch = Math.min(blocks, Lanes.MAX);
    AffineSearch search = new AffineSearch(VALUES, batch, top);
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
      search.search(lanes, TRIALS);
      search.bestLevels(lanes);
      for (int lane = 0; lane < lanes; lane++) {
        int to = at + (first + lane) * bytes();
        Half.put(target, to, Half.of(search.scale[lane]));
        Half.put(target, to + 2, Half.of(search.start[lane]));
        for (int i = 0; i < VALUES; i++) {
          found[i] = (int) search.levels[i][lane];
        }
        Levels.put(found, target, to + LEVELS, top > 15);
      }
    }
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    int[] found = new int[VALUES];
    for (int block = 0; block < blocks; block++) {
      int from = at + block * bytes();
      float scale = Half.getFloat(source, from);
      float min = Half.getFloat(source, from + 2);
      Levels.get(source, from + LEVELS, top > 15, found);
      for (int i = 0; i < VALUES; i++) {
        values[offset + block * VALUES + i] = found[i] * scale + min;
      }
    }
  }

  @Override
  int[] scales() {
    return new int[] {0, 2};
  }
}
