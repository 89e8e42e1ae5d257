package io.adapt4j.eval.stats;

/**
 * Rows drawn with replacement for one resample. Random bits come from SplitMix64 (Steele, Lea and
 * Flood 2014, "Fast Splittable Pseudorandom Number Generators"); 32 of them choose a row by
 * multiplication, which favors no row by more than one part in 4 billion divided by the number of
 * rows.
 */
final class Draws {
  private static final long STEP = 0x9e3779b97f4a7c15L;
  private static final long LOW = 0xffffffffL;

  private long state;

  Draws(long seed, int resample) {
    // Two rounds keep the streams of neighboring seeds and resamples apart.
    state = mixed(mixed(seed + STEP) + resample * STEP);
  }

  private static long mixed(long bits) {
    long x = (bits ^ (bits >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }

  private long next() {
    state += STEP;
    return mixed(state);
  }

  double mean(double[] rows) {
    int count = rows.length;
    double sum = 0;
    for (int i = 1; i < count; i += 2) {
      long bits = next();
      sum += rows[high(bits, count)] + rows[low(bits, count)];
    }
    if (count % 2 == 1) {
      sum += rows[high(next(), count)];
    }
    return sum / count;
  }

  int[] indices(int count) {
    int[] drawn = new int[count];
    for (int i = 0; i < count; i++) {
      drawn[i] = high(next(), count);
    }
    return drawn;
  }

  private static int high(long bits, int count) {
    return (int) (((bits >>> 32) * count) >>> 32);
  }

  private static int low(long bits, int count) {
    return (int) (((bits & LOW) * count) >>> 32);
  }
}
