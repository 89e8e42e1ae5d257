package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/**
 * A model prepared for training: the values that train, and how to save and restore them. Closing
 * it leaves the model as it was before, save for trained base weights.
 */
public interface Adaptation extends AutoCloseable {

  /** Returns the values that train, with their gradients. */
  List<Trainable> trained();

  /** Brings everything computed from the trained values up to date after they changed. */
  void refresh();

  /**
   * Brings the gradients of the trained values up to date, after those of a step have been
   * accumulated and before they are read. They are so already where derivatives are written to them
   * directly.
   */
  default void collectGradients() {}

  /** Writes the trained values in the field's own format (a PEFT folder, or a checkpoint). */
  void save(Path folder);

  /** Reads back what {@link #save} wrote. */
  void restore(Path folder);

  /**
   * Switches what was adapted off or back on. Off, the model is the one it was before training, to
   * the bit, which gives the log-probabilities of a reference without a second model.
   */
  default void enabled(boolean on) {
    if (!on) {
      throw new UnsupportedOperationException(
          "The base weights themselves train, so the model cannot run as it was before; use an"
              + " adapter, or a second model as the reference");
    }
  }

  /** Runs something with the model as it was before training. */
  default <T> T withoutAdapter(Supplier<T> action) {
    enabled(false);
    try {
      return action.get();
    } finally {
      enabled(true);
    }
  }

  /** {@return whether the model can run as it was before training} */
  default boolean canBeSwitchedOff() {
    try {
      return withoutAdapter(() -> true);
    } catch (UnsupportedOperationException e) {
      return false;
    }
  }

  @Override
  void close();
}
