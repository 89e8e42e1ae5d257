package io.adapt4j.gguf;

import java.util.Random;

/**
 * The numbers of {@link Random} for a single thread: without its locks and atomic updates, which
 * take most of the time of drawing the weights of a model.
 */
@SuppressWarnings("UnsynchronizedOverridesSynchronized")
final class UnsharedRandom extends Random {

  private static final long MULTIPLIER = 0x5DEECE66DL;
  private static final long MASK = (1L << 48) - 1;

  private long state;
  private double second;
  private boolean hasSecond;

  UnsharedRandom(long seed) {
    super(seed);
  }

  // Random's constructor calls it: no field may have an initial value.
  @Override
  public void setSeed(long seed) {
    state = (seed ^ MULTIPLIER) & MASK;
    hasSecond = false;
  }

  @Override
  protected int next(int bits) {
    state = (state * MULTIPLIER + 0xBL) & MASK;
    return (int) (state >>> (48 - bits));
  }

  @Override
  public double nextGaussian() {
    if (hasSecond) {
      hasSecond = false;
      return second;
    }
    long drawn = state;
    double first;
    double other;
    double square;
    do {
      drawn = (drawn * MULTIPLIER + 0xBL) & MASK;
      long high = drawn >>> 22;
      drawn = (drawn * MULTIPLIER + 0xBL) & MASK;
      first = 2 * (((high << 27) + (drawn >>> 21)) * 0x1p-53) - 1;
      drawn = (drawn * MULTIPLIER + 0xBL) & MASK;
      high = drawn >>> 22;
      drawn = (drawn * MULTIPLIER + 0xBL) & MASK;
      other = 2 * (((high << 27) + (drawn >>> 21)) * 0x1p-53) - 1;
      square = first * first + other * other;
    } while (square >= 1 || square == 0);
    state = drawn;
    double factor = StrictMath.sqrt(-2 * StrictMath.log(square) / square);
    second = other * factor;
    hasSecond = true;
    return first * factor;
  }
}
