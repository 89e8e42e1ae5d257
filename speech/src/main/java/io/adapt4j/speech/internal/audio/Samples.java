package io.adapt4j.speech.internal.audio;

/** One channel of sound, of which any part can be read. Values are between -1 and 1. */
public interface Samples extends AutoCloseable {

  /** Returns the number of samples. */
  long count();

  /** Returns the number of samples a second. */
  int rate();

  /** Reads samples; those before the first and after the last are 0. */
  float[] read(long first, int length);

  @Override
  default void close() {}

  /** Returns samples in memory. */
  static Samples of(float[] values, int rate) {
    return new Samples() {
      @Override
      public long count() {
        return values.length;
      }

      @Override
      public int rate() {
        return rate;
      }

      @Override
      public float[] read(long first, int length) {
        float[] part = new float[length];
        int from = Math.toIntExact(Math.min(values.length, Math.max(0, first)));
        int to = Math.toIntExact(Math.min(values.length, Math.max(from, first + length)));
        if (to > from) {
          System.arraycopy(values, from, part, Math.toIntExact(from - first), to - from);
        }
        return part;
      }
    };
  }

  /** Rejects values that are not finite. */
  static void requireFinite(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "samples: expected finite numbers, found " + values[i] + " at " + i);
      }
    }
  }
}
