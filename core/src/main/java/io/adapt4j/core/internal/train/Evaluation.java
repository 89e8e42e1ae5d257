package io.adapt4j.core.internal.train;

import io.adapt4j.core.train.TrainingWarning;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** One pass over the validation data. */
@FunctionalInterface
public interface Evaluation<B> {

  /** Evaluates a batch. */
  double add(B batch);

  /**
   * Returns what was measured besides the loss.
   *
   * @return values by name, in the order to be shown; may be empty
   */
  default Map<String, Double> metrics() {
    return Map.of();
  }

  /** Told that every batch has been evaluated. */
  default void finished(int step) {}

  /** Says what this pass shows to be wrong, where it is the last of the run. */
  default Optional<TrainingWarning> warning(int step) {
    return Optional.empty();
  }

  /** Writes what is worth keeping of this pass besides its metrics, such as a confusion report. */
  default void write(Path output) {}
}
