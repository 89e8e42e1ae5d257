package io.adapt4j.core.internal.data;

import io.adapt4j.core.internal.Shuffle;
import java.util.stream.IntStream;

/** The order of things in each epoch. */
public record EpochOrder(boolean shuffled, long seed) {

  /** Every epoch in the order of the data. */
  public static final EpochOrder UNSHUFFLED = new EpochOrder(false, 0);

  /** Tells orders of batches from those of samples in the same epoch. */
  private static final long BATCHES = 0x5DEECE66DL;

  int[] samples(int size, int epoch) {
    return shuffled ? Shuffle.permutation(size, seed, epoch) : IntStream.range(0, size).toArray();
  }

  int[] batches(int size, int epoch) {
    return shuffled
        ? Shuffle.permutation(size, seed ^ BATCHES, epoch)
        : IntStream.range(0, size).toArray();
  }
}
