package io.adapt4j.federated.internal;

import java.security.SecureRandom;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Gaussian noise, from the system's secure source unless a seed is given. */
public final class Noise {

  private final RandomGenerator source;

  private Noise(RandomGenerator source) {
    this.source = source;
  }

  /** Creates a source. */
  public static Noise of(Optional<Long> seed, long stream) {
    return new Noise(
        seed.<RandomGenerator>map(value -> repeatable(value, stream)).orElseGet(SecureRandom::new));
  }

  /** Returns the random generator of a seed; neighboring seeds and streams are independent. */
  static SplittableRandom repeatable(long seed, long stream) {
    return new SplittableRandom(
        new SplittableRandom(seed).nextLong() + 3 * new SplittableRandom(~stream).nextLong());
  }

  public void add(float[] values, double deviation) {
    if (deviation > 0) {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (values[i] + deviation * source.nextGaussian());
      }
    }
  }
}
