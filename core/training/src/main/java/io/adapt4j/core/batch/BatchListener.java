package io.adapt4j.core.batch;

/** Progress listener of a batch. Called on the threads of the batch, one call at a time. */
@FunctionalInterface
public interface BatchListener {

  /**
   * Called when more rows are stored.
   *
   * @param done number of stored rows, including those of earlier processes
   * @param rows number of input rows
   */
  void stored(int done, int rows);
}
