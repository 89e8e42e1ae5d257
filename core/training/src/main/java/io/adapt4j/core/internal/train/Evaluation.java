package io.adapt4j.core.internal.train;

import io.adapt4j.core.train.TrainingWarning;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A pass over the validation data. */
@FunctionalInterface
public interface Evaluation<B> {

  /** Evaluates a batch and returns its summed loss. */
  double add(B batch);

  /**
   * Returns the metrics besides the loss.
   *
   * @return values by name, in display order; may be empty
   */
  default Map<String, Double> metrics() {
    return Map.of();
  }

  /** Called after every batch has been evaluated. */
  default void finished(int step) {}

  /** Returns a warning about the results if this is the last pass of the run. */
  default Optional<TrainingWarning> warning(int step) {
    return Optional.empty();
  }

  /** Writes further results of this pass, such as a confusion report. */
  default void write(Path output) {}
}
