package io.adapt4j.core.model;

/** An adapter on a model. Closing it leaves the model as it was before. */
public interface AttachedAdapter extends AutoCloseable {

  /** Adds the adapter's change to the model's weights, so that it costs nothing to run. */
  void merge();

  /** Takes a merged change out of the weights again. */
  void unmerge();

  /**
   * Turns the adapter's effect on or off.
   *
   * @param enabled false to run the model as if there were no adapter
   */
  void enabled(boolean enabled);

  @Override
  void close();
}
