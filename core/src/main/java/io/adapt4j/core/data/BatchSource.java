package io.adapt4j.core.data;

import java.util.Iterator;

/**
 * Batches to train or evaluate on, epoch by epoch. The batches of an epoch are the same every time
 * they are asked for, so that a run can go on from any of them.
 *
 * @param <B> a batch
 */
public interface BatchSource<B> {

  /**
   * Returns the number of batches in an epoch.
   *
   * @return at least 1
   */
  int count();

  /**
   * Goes through an epoch from any batch on; those before it are not made.
   *
   * @param epoch number of the epoch, from 0
   * @param firstBatch number of the batch to begin with, from 0 to {@link #count()}
   * @return the rest of the epoch's batches, for one thread
   * @throws IllegalArgumentException if the epoch is negative
   * @throws IndexOutOfBoundsException if there is no such batch
   */
  Iterator<B> epoch(int epoch, int firstBatch);

  /**
   * Goes through an epoch from its first batch.
   *
   * @param epoch number of the epoch, from 0
   * @return the epoch's batches, for one thread
   * @throws IllegalArgumentException if the epoch is negative
   */
  default Iterator<B> epoch(int epoch) {
    return epoch(epoch, 0);
  }
}
