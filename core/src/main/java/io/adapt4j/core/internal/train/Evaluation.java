package io.adapt4j.core.internal.train;

import java.nio.file.Path;
import java.util.Map;

/**
 * One pass over the validation data.
 *
 * @param <B> a batch
 */
@FunctionalInterface
public interface Evaluation<B> {

  /**
   * Evaluates a batch.
   *
   * @param batch the batch
   * @return the sum of the loss over its targets
   */
  double add(B batch);

  /**
   * Returns what was measured besides the loss.
   *
   * @return values by name, in the order to be shown; may be empty
   */
  default Map<String, Double> metrics() {
    return Map.of();
  }

  /**
   * Writes what is worth keeping of this pass besides its metrics, such as a confusion report.
   *
   * @param output folder of the run
   */
  default void write(Path output) {}
}
