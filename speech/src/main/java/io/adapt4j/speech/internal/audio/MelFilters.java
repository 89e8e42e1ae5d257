package io.adapt4j.speech.internal.audio;

/**
 * Triangular filters that sum a spectrum into bands of Slaney's mel scale, each with the same
 * energy (Slaney 1998, as in librosa).
 */
public final class MelFilters {

  private static final double HIGHEST = 8000;
  private static final double LINEAR = 200.0 / 3;
  private static final double BREAK_HERTZ = 1000;
  private static final double BREAK_MEL = BREAK_HERTZ / LINEAR;
  private static final double STEP = Math.log(6.4) / 27;

  private MelFilters() {}

  /** {@return the weights, row-major [bins, mels]} */
  public static float[] of(int bins, int mels, int rate) {
    double[] edges = new double[mels + 2];
    double last = mel(HIGHEST);
    for (int i = 0; i < edges.length; i++) {
      edges[i] = hertz(last * i / (mels + 1));
    }
    float[] filters = new float[bins * mels];
    for (int bin = 0; bin < bins; bin++) {
      double frequency = rate / 2.0 * bin / (bins - 1);
      for (int i = 0; i < mels; i++) {
        double rising = (frequency - edges[i]) / (edges[i + 1] - edges[i]);
        double falling = (edges[i + 2] - frequency) / (edges[i + 2] - edges[i + 1]);
        double weight = Math.max(0, Math.min(rising, falling));
        filters[bin * mels + i] = (float) (weight * 2 / (edges[i + 2] - edges[i]));
      }
    }
    return filters;
  }

  private static double mel(double hertz) {
    return hertz < BREAK_HERTZ ? hertz / LINEAR : BREAK_MEL + Math.log(hertz / BREAK_HERTZ) / STEP;
  }

  private static double hertz(double mel) {
    return mel < BREAK_MEL ? mel * LINEAR : BREAK_HERTZ * Math.exp(STEP * (mel - BREAK_MEL));
  }
}
