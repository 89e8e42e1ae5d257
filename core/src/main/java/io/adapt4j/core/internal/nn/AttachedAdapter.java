package io.adapt4j.core.internal.nn;

/** An adapter on a model. Not thread safe. */
public interface AttachedAdapter extends AutoCloseable {

  /** Adds the adapter to the base weights, so that it costs nothing while the model runs. */
  void merge();

  /** Takes the adapter out of the base weights again; it continues beside them. */
  void unmerge();

  /** Switches the adapter on or off. Off, the model is its base, to the bit. */
  void enabled(boolean on);

  /**
   * Returns whether the adapter is low-rank updates of linear layers and nothing else, so that some
   * tokens of a pass can have it and others not.
   */
  default boolean isLowRank() {
    return false;
  }

  /** Takes the adapter off the model, which is its base again. Closing twice is harmless. */
  @Override
  void close();
}
