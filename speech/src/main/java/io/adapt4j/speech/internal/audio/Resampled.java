package io.adapt4j.speech.internal.audio;

import java.math.BigInteger;

/**
 * Samples at another rate, by band-limited interpolation with a windowed sinc (Smith and Gossett
 * 1984): a Hann window over {@value #CROSSINGS} zero crossings on either side, with its cutoff at
 * {@value #ROLLOFF} of the lower Nyquist frequency. The number of samples is rounded up.
 */
public final class Resampled implements Samples {

  private static final int CROSSINGS = 16;
  private static final double ROLLOFF = 0.95;

  private final Samples source;
  private final int rate;
  private final int up;
  private final int down;
  private final int reach;
  private final float[][] weights;

  private Resampled(Samples source, int rate) {
    this.source = source;
    this.rate = rate;
    int divisor = BigInteger.valueOf(source.rate()).gcd(BigInteger.valueOf(rate)).intValueExact();
    this.up = rate / divisor;
    this.down = source.rate() / divisor;
    double cutoff = Math.min(1, (double) up / down) * ROLLOFF;
    this.reach = (int) Math.ceil(CROSSINGS / cutoff);
    this.weights = new float[up][];
    for (int phase = 0; phase < up; phase++) {
      weights[phase] = weights((double) phase / up, cutoff);
    }
  }

  /** Returns samples at a rate. */
  public static Samples at(int rate, Samples samples) {
    return rate == samples.rate() ? samples : new Resampled(samples, rate);
  }

  /** Returns the weights of the samples around a position between two of them. */
  private float[] weights(double position, double cutoff) {
    float[] made = new float[2 * reach + 1];
    for (int i = 0; i < made.length; i++) {
      double t = (i - reach - position) * cutoff;
      if (Math.abs(t) < CROSSINGS) {
        double window = Math.cos(Math.PI * t / (2 * CROSSINGS));
        double angle = Math.PI * t;
        made[i] = (float) (cutoff * window * window * (t == 0 ? 1 : Math.sin(angle) / angle));
      }
    }
    return made;
  }

  @Override
  public long count() {
    return (source.count() * up + down - 1) / down;
  }

  @Override
  public int rate() {
    return rate;
  }

  @Override
  public float[] read(long first, int length) {
    float[] made = new float[length];
    long before = Math.floorDiv(first * down, up) - reach;
    long after = Math.floorDiv((first + length) * down, up) + reach + 1;
    float[] in = source.read(before, Math.toIntExact(after - before + 1));
    long last = count();
    for (int i = 0; i < length; i++) {
      long at = first + i;
      if (at < 0 || at >= last) {
        continue;
      }
      int start = Math.toIntExact(Math.floorDiv(at * down, up) - reach - before);
      float[] own = weights[Math.toIntExact(Math.floorMod(at * down, (long) up))];
      float sum = 0;
      for (int tap = 0; tap < own.length; tap++) {
        sum += own[tap] * in[start + tap];
      }
      made[i] = sum;
    }
    return made;
  }

  @Override
  public void close() {
    source.close();
  }
}
