package io.adapt4j.core.internal.data;

import io.adapt4j.core.internal.Shuffle;
import java.util.stream.IntStream;

/** Order of the elements in each epoch. */
public record EpochOrder(boolean shuffled, long seed) {

  /** Every epoch in the order of the data. */
  public static final EpochOrder UNSHUFFLED = new EpochOrder(false, 0);

  /** Seed offset that keeps the order of batches independent of the order of samples. */
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
