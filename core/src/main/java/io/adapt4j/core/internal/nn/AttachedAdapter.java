package io.adapt4j.core.internal.nn;

/** An adapter on a model. Not thread safe. */
public interface AttachedAdapter extends AutoCloseable {

  /** Adds the adapter to the base weights, so that it costs nothing while the model runs. */
  void merge();

  /** Takes the adapter out of the base weights again; it continues beside them. */
  void unmerge();

  /**
   * Switches the adapter on or off. Off, the model is its base, to the bit.
   *
   * @param on whether it takes part
   * @throws IllegalStateException when asked to switch off while merged
   */
  void enabled(boolean on);

  /** Takes the adapter off the model, which is its base again. Closing twice is harmless. */
  @Override
  void close();
}
