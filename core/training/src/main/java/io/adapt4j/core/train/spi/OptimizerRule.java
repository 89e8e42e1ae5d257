package io.adapt4j.core.train.spi;

import java.util.List;

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
   * and starts at 0.
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
}
