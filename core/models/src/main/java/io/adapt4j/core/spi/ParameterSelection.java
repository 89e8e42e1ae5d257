package io.adapt4j.core.spi;

import java.util.List;
import java.util.Map;

/**
 * A custom fine-tuning method that trains some parameters of the model and freezes all others, such
 * as biases (BitFit, Ben Zaken et al. 2022), norms or the last layers. Use it with {@code
 * FineTuningMethod.custom}. Only the trained parameters are saved, which {@code Adapter.at} loads
 * onto the base.
 *
 * <p>A selection has no state, so one may serve several runs at the same time.
 */
public interface ParameterSelection {

  /**
   * Returns the method's name for logs and the identity of a run.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the method as text. A run resumes only under the same name and options.
   *
   * @return all options that change the selection; empty by default
   */
  default String options() {
    return "";
  }

  /**
   * Returns whether a parameter is trainable.
   *
   * @param parameter its name in checkpoints, such as {@code model.layers.0.input_layernorm.weight}
   * @param sizes its dimensions as stored; one for vectors, two for matrices
   * @return whether it is trainable; the same at every call
   */
  boolean trains(String parameter, List<Long> sizes);

  /**
   * Returns learning-rate factors for some of the parameters. Those set by the run take precedence.
   *
   * @return factors of the run's learning rate, at least 0, by regular expressions found in names;
   *     the first match counts. None by default
   */
  default Map<String, Double> learningRateFactors() {
    return Map.of();
  }
}
