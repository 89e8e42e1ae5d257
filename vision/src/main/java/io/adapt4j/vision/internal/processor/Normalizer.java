package io.adapt4j.vision.internal.processor;

import io.adapt4j.vision.internal.image.Pixels;

/**
 * Rescaling and normalization by a table of the 256 values of each channel.
 *
 * @param tables [3, 256]
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Normalizer(float[][] tables) {

  /**
   * Computes the tables.
   *
   * @param fused whether scale, mean and deviation are one step, as in torchvision's processors
   */
  public static Normalizer of(boolean fused, double scale, double[] mean, double[] std) {
    float[][] tables = new float[3][256];
    for (int c = 0; c < 3; c++) {
      for (int value = 0; value < 256; value++) {
        tables[c][value] =
            fused
                ? (value - (float) mean[c] * (float) (1 / scale))
                    / ((float) std[c] * (float) (1 / scale))
                : ((float) (value * scale) - (float) mean[c]) / (float) std[c];
      }
    }
    return new Normalizer(tables);
  }

  /** Writes a picture channel by channel. */
  void planes(Pixels in, float[] out, int at) {
    int area = in.width() * in.height();
    byte[] values = in.values();
    for (int c = 0; c < 3; c++) {
      float[] table = tables[c];
      for (int i = 0, from = c, to = at + c * area; i < area; i++, from += 3, to++) {
        out[to] = table[values[from] & 0xff];
      }
    }
  }

  /** Writes a square patch, pixel by pixel. */
  void patch(Pixels in, int left, int top, int side, float[] out, int at) {
    int to = at;
    for (int y = top; y < top + side; y++) {
      int from = (y * in.width() + left) * 3;
      for (int i = 0; i < 3 * side; i++) {
        out[to++] = tables[i % 3][in.values()[from + i] & 0xff];
      }
    }
  }

  /** Writes one channel of a square patch. */
  void patch(Pixels in, int left, int top, int side, int channel, float[] out, int at) {
    float[] table = tables[channel];
    int to = at;
    for (int y = top; y < top + side; y++) {
      int from = (y * in.width() + left) * 3 + channel;
      for (int x = 0; x < side; x++, from += 3) {
        out[to++] = table[in.values()[from] & 0xff];
      }
    }
  }
}
