package io.adapt4j.core.batch;

/** Hears how far a batch is. Called on the threads of the batch, one call at a time. */
@FunctionalInterface
public interface BatchListener {

  /**
   * More rows are done and stored.
   *
   * @param done rows that are stored, those of earlier processes included
   * @param rows rows of the input
   */
  void stored(int done, int rows);
}
