package io.adapt4j.core.spi;

import java.util.List;
import java.util.Map;

/**
 * A fine-tuning method that trains some parameters of the model and freezes all others, such as
 * biases (BitFit, Ben Zaken et al. 2022), norms or the last layers. {@code FineTuningMethod.custom}
 * makes a method of it. What is saved are the trained values alone, which {@code Adapter.at} loads
 * onto the base.
 *
 * <p>A selection has no state, so one may serve several runs at the same time.
 */
public interface ParameterSelection {

  /**
   * Returns what the method is called in logs and in the identity of a run.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the method as text. A run resumes only under the same name and options.
   *
   * @return all that changes what trains; empty by default
   */
  default String options() {
    return "";
  }

  /**
   * Returns whether a parameter trains.
   *
   * @param parameter its name in checkpoints, such as {@code model.layers.0.input_layernorm.weight}
   * @param sizes its dimensions as stored; one for vectors, two for matrices
   * @return whether it trains; the same at every call
   */
  boolean trains(String parameter, List<Long> sizes);

  /**
   * Returns learning rates for some of the parameters. Those that the run itself sets come first.
   *
   * @return factors on the learning rate of the run, at least 0, by regular expressions found in
   *     names; the first that fits counts. None by default
   */
  default Map<String, Double> learningRateFactors() {
    return Map.of();
  }
}
