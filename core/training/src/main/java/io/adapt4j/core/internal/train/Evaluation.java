package io.adapt4j.core.internal.train;

import io.adapt4j.core.train.TrainingWarning;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** A pass over the validation data. */
@FunctionalInterface
public interface Evaluation<B> {

  /** Returns a pass with metrics besides the loss. */
  static <B> Evaluation<B> of(ToDoubleFunction<B> loss, Supplier<Map<String, Double>> metrics) {
    return new Evaluation<>() {
      @Override
      public double add(B batch) {
        return loss.applyAsDouble(batch);
      }

      @Override
      public Map<String, Double> metrics() {
        return metrics.get();
      }
    };
  }

  /** Evaluates a batch and returns its summed loss. */
  double add(B batch);

  /** Returns the metrics besides the loss: values by name, in display order; may be empty. */
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
