package io.adapt4j.core.train.spi;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A custom optimizer: computes the update of a parameter from its gradient. Use it with {@code
 * Optimizer.custom}.
 *
 * <p>The moments of a rule are saved with the states of a run, in fp32, and a resumed run continues
 * with the same bits. A rule itself has no state between calls: everything it remembers is in the
 * moments.
 *
 * <p>A rule is called on the training thread, for one parameter after the other. One rule may serve
 * several runs, so it must be thread-safe if those run at the same time; an immutable one is.
 */
public interface OptimizerRule {

  /**
   * Returns the rule's name for logs and the identity of a run.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the rule as text. A run resumes only under the same name and options.
   *
   * @return all options that change the updates, such as {@code beta1=0.9, beta2=0.999}; empty by
   *     default
   */
  default String options() {
    return "";
  }

  /**
   * Returns the names of the optimizer state kept for each parameter. Each takes 4 bytes per value
   * and starts at 0. A rule that overrides {@link #state} names all that any parameter has.
   *
   * @return distinct names of letters, digits and {@code _}, none for a stateless rule; the same at
   *     every call
   */
  List<String> moments();

  /**
   * Updates the value and the moments of a parameter in place.
   *
   * @param parameter its value, gradient and moments, valid until this method returns
   */
  void update(ParameterUpdate parameter);

  /**
   * Returns the moments of a parameter with their dimensions, such as low-rank ones of a matrix.
   *
   * @param name the parameter's name in checkpoints; empty when memory is planned
   * @param sizes the parameter's dimensions
   * @return dimensions by moment; by default all {@link #moments} have the parameter's
   */
  default Map<String, List<Long>> state(String name, List<Long> sizes) {
    Map<String, List<Long>> state = new LinkedHashMap<>();
    moments().forEach(moment -> state.put(moment, sizes));
    return state;
  }

  /**
   * Returns whether other values than the trained ones are evaluated and saved, such as an average.
   *
   * @return false by default
   */
  default boolean averages() {
    return false;
  }

  /**
   * Replaces the value of a parameter by the one to evaluate and save. Training continues from the
   * value before, to the bit. Called between steps if {@link #averages} returns true.
   *
   * @param parameter its value and moments; its gradient is 0
   */
  default void average(ParameterUpdate parameter) {}
}
