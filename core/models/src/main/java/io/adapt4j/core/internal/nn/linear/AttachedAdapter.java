package io.adapt4j.core.internal.nn.linear;

/** An adapter attached to a model. Not thread safe. */
public interface AttachedAdapter extends AutoCloseable {

  /** Merges the adapter into the base weights, so that it costs nothing at run time. */
  void merge();

  /** Removes the adapter from the base weights; it stays attached. */
  void unmerge();

  /** Enables or disables the adapter. With it disabled, the model is bit-identical to its base. */
  void enabled(boolean on);

  /**
   * Returns whether the adapter consists only of low-rank updates of linear layers, so that some
   * tokens of a pass can use it and others not.
   */
  default boolean isLowRank() {
    return false;
  }

  /** Detaches the adapter, which leaves the base model. Closing twice has no effect. */
  @Override
  void close();
}
