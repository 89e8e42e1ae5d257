package io.adapt4j.vision.internal.image;

/**
 * Weights of one axis: output i is the sum over its taps of weight times value.
 *
 * @param whole weights of fixed-point arithmetic; empty for floats
 * @param real weights of floating-point arithmetic; empty for fixed point
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Weights(int[] first, int[] count, int taps, int[] whole, float[] real, int bits) {

  private static final int MOST_BITS = 22;

  /** Computes the weights of Pillow or of torchvision's 8-bit path. */
  static Weights fixed(Filter filter, int in, double from, double to, int out, boolean pillow) {
    double scale = (to - from) / out;
    double stretch = Math.max(scale, 1);
    double support = filter.support * stretch;
    int taps = (int) Math.ceil(support) * 2 + 1;
    int[] first = new int[out];
    int[] count = new int[out];
    double[] weights = new double[Math.multiplyExact(out, taps)];
    double largest = 0;
    double inverse = 1 / stretch;
    for (int i = 0; i < out; i++) {
      double center = from + (i + 0.5) * scale;
      int low = Math.max((int) (center - support + 0.5), 0);
      int high = Math.min((int) (center + support + 0.5), in);
      double sum = 0;
      for (int x = low; x < high; x++) {
        double weight = filter.at((x - center + 0.5) * inverse);
        weights[i * taps + x - low] = weight;
        sum += weight;
      }
      for (int k = 0; k < high - low && sum != 0; k++) {
        weights[i * taps + k] /= sum;
        largest = Math.max(largest, weights[i * taps + k]);
      }
      first[i] = low;
      count[i] = high - low;
    }
    int bits = pillow ? MOST_BITS : bits(largest);
    int[] whole = new int[weights.length];
    for (int i = 0; i < whole.length; i++) {
      whole[i] = (int) (weights[i] * (1 << bits) + (weights[i] < 0 ? -0.5 : 0.5));
    }
    return new Weights(first, count, taps, whole, new float[0], bits);
  }

  /** torchvision keeps weights in 16 bits. */
  private static int bits(double largest) {
    int bits = 0;
    while (bits < MOST_BITS && (int) (0.5 + largest * (1 << (bits + 1))) < 1 << 15) {
      bits++;
    }
    return bits;
  }

  /** Computes the weights of torchvision's path through floats. */
  static Weights real(Filter filter, int in, int out) {
    float scale = (float) in / out;
    float stretch = Math.max(scale, 1);
    float support = (float) filter.support * stretch;
    float inverse = scale >= 1 ? 1 / scale : 1;
    int taps = (int) Math.ceil(support) * 2 + 1;
    int[] first = new int[out];
    int[] count = new int[out];
    float[] weights = new float[Math.multiplyExact(out, taps)];
    for (int i = 0; i < out; i++) {
      float center = scale * (i + 0.5f);
      int low = Math.max((int) (center - support + 0.5f), 0);
      int high = Math.min((int) (center + support + 0.5f), in);
      float sum = 0;
      for (int x = low; x < high; x++) {
        float weight = (float) filter.at((x - center + 0.5f) * inverse);
        weights[i * taps + x - low] = weight;
        sum += weight;
      }
      for (int k = 0; k < high - low && sum != 0; k++) {
        weights[i * taps + k] /= sum;
      }
      first[i] = low;
      count[i] = high - low;
    }
    return new Weights(first, count, taps, new int[0], weights, 0);
  }
}
