package io.adapt4j.core.internal.train;

import java.util.List;

/**
 * What takes part in a step between backward pass and update.
 *
 * @param workers those who perform it together
 * @param penalties add their gradients to the sum of all workers; closed by whoever made them
 */
public record StepHooks(WorkerGroup workers, List<Penalty> penalties) {

  /** Nothing takes part. */
  public static final StepHooks NONE = new StepHooks(WorkerGroup.ALONE, List.of());

  /**
   * Copies the list.
   *
   * @param workers those who perform a step together
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
    return new StepHooks(WorkerGroup.ALONE, penalties);
  }

  /**
   * Returns these hooks for workers.
   *
   * @param group those who perform a step together
   * @return new hooks with the same penalties
   */
  public StepHooks among(WorkerGroup group) {
    return new StepHooks(group, penalties);
  }
}
