package io.adapt4j.core.spi;

import java.util.List;

/**
 * An optimizer: how the gradient of a parameter becomes its step. {@code Optimizer.custom} makes an
 * optimizer of it.
 *
 * <p>The moments of a rule are saved with the states of a run, in fp32, and a run that resumes goes
 * on with the same bits. A rule itself has no state between calls: what it has to remember is in
 * the moments.
 *
 * <p>A rule is called on the thread that trains, for one parameter after the other. One rule may
 * serve several runs, so it has to be thread-safe if those run at the same time; an immutable one
 * is.
 */
public interface OptimizerRule {

  /**
   * Returns what the rule is called in logs and in the identity of a run.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the rule as text. A run resumes only under the same name and options.
   *
   * @return all that changes the steps, such as {@code beta1=0.9, beta2=0.999}; empty by default
   */
  default String options() {
    return "";
  }

  /**
   * Returns the names of what is kept of each parameter from step to step. Each is 4 bytes a value
   * and starts at 0.
   *
   * @return different names of letters, digits and {@code _}, none for a rule without memory; the
   *     same at every call
   */
  List<String> moments();

  /**
   * Updates the value and the moments of one parameter in place.
   *
   * @param parameter its value, gradient and moments, valid until this method returns
   */
  void update(ParameterUpdate parameter);
}
