package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A model prepared for training: its trainable parameters, and how to save and restore them.
 * Closing it restores the model, except for trained base weights.
 */
public interface Adaptation extends AutoCloseable {

  /** Returns the trainable parameters with their gradients. */
  List<Trainable> trained();

  /**
   * Initializes the trainable parameters from passes over the training batches, which go on epoch
   * by epoch without end; may replace them. Called before {@link #trained} is read, if the method
   * {@link MethodMechanics#initializesFromData}.
   */
  default void initialize(Iterator<ForwardPass> passes) {}

  /** Recomputes everything derived from the trainable parameters after they changed. */
  void refresh();

  /**
   * Completes the gradients of the trainable parameters after those of a step have been accumulated
   * and before they are read. Does nothing if backward writes to them directly.
   */
  default void collectGradients() {}

  /** Writes the trainable parameters in a standard format (a PEFT folder or a checkpoint). */
  void save(Path folder);

  /** Reads back what {@link #save} wrote. */
  void restore(Path folder);

  /**
   * Switches the adaptation off or back on. Off, the model is bit-identical to the one before
   * training, which gives the log-probabilities of a reference without a second model.
   */
  default void enabled(boolean on) {
    if (!on) {
      throw new UnsupportedOperationException(
          "The base weights themselves train, so the model cannot run as it was before; use an"
              + " adapter, or a second model as the reference");
    }
  }

  /** Runs an action with the model as it was before training. */
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

  /**
   * Attaches a copy of this adaptation to a network that shares its frozen weights, with values
   * undefined until {@link AdaptationCopy#update}. Only for methods that {@link
   * MethodMechanics#copies}.
   */
  default AdaptationCopy copyOn(Network network) {
    throw new UnsupportedOperationException("The method cannot copy its parameters");
  }

  @Override
  void close();

  /**
   * Returns the name of what a trained tensor is part of, one of whose tensors has a gradient in
   * the first step; empty if the tensor need not have one.
   */
  default Optional<String> moduleOf(String tensor) {
    return Optional.empty();
  }
}
