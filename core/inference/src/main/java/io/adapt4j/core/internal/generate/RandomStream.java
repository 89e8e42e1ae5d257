package io.adapt4j.core.internal.generate;

/**
 * A seeded stream of uniform numbers (SplitMix64, Steele et al. 2014).
 *
 * <p>Implemented here so that the numbers of a seed never depend on the Java version.
 */
final class RandomStream {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private long state;

  /** Creates the stream of one batch row; different rows start at unrelated states. */
  RandomStream(long seed, int row) {
    state = mix(mix(seed + GOLDEN_GAMMA) ^ row);
  }

  private RandomStream(long state) {
    this.state = state;
  }

  /** Returns a stream of the same further numbers. */
  RandomStream copy() {
    return new RandomStream(state);
  }

  /** Returns the next number, uniform in [0, 1). */
  double nextDouble() {
    state += GOLDEN_GAMMA;
    return (mix(state) >>> 11) * 0x1.0p-53;
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
