package io.adapt4j.core.train;

import io.adapt4j.core.engine.Parameter.Trained;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A model prepared for training: the values that train, and how to save and restore them. Closing
 * it leaves the model as it was before, save for trained base weights.
 */
public interface Adaptation extends AutoCloseable {

  /**
   * Returns the values that train, with their gradients.
   *
   * @return a fixed order; the tensors belong to this adaptation or its model
   */
  List<Trained> trained();

  /** Brings everything computed from the trained values up to date after they changed. */
  void refresh();

  /**
   * Writes the trained values in the field's own format (a PEFT folder, or a checkpoint).
   *
   * @param folder created if absent; files in it are replaced atomically
   */
  void save(Path folder);

  /**
   * Reads back what {@link #save} wrote.
   *
   * @param folder the folder
   */
  void restore(Path folder);

  /**
   * Runs something while the model is its base.
   *
   * @param work what to run
   * @return its result; empty, with nothing run, where the base's values no longer exist
   * @param <T> the result's type
   */
  default <T> Optional<T> withoutAdapter(Supplier<T> work) {
    return Optional.empty();
  }

  @Override
  void close();
}
