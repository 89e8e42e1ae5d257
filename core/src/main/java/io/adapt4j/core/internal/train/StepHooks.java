package io.adapt4j.core.internal.train;

import java.util.List;

/**
 * What takes part in a step between backward pass and update.
 *
 * @param reduction brings the gradients of several workers together, first
 * @param penalties add their gradients then; closed by whoever made them
 */
public record StepHooks(GradientReduction reduction, List<Penalty> penalties) {

  /** Nothing takes part. */
  public static final StepHooks NONE = new StepHooks(GradientReduction.NONE, List.of());

  /**
   * Copies the list.
   *
   * @param reduction brings the gradients of several workers together
   * @param penalties add their gradients then
   */
  public StepHooks {
    penalties = List.copyOf(penalties);
  }

  /**
   * Makes hooks of penalties alone.
   *
   * @param penalties add their gradients
   * @return the hooks of one worker
   */
  public static StepHooks of(List<Penalty> penalties) {
    return new StepHooks(GradientReduction.NONE, penalties);
  }
}
