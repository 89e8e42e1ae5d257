package io.adapt4j.core.internal.train;

import java.util.List;

/**
 * What takes part in a step between backward pass and update.
 *
 * @param penalties add their gradients to the sum of all workers; closed by whoever made them
 */
public record StepHooks(WorkerGroup workers, List<Penalty> penalties) {

  /** Nothing takes part. */
  public static final StepHooks NONE = new StepHooks(WorkerGroup.ALONE, List.of());

  /** Copies the list. */
  public StepHooks {
    penalties = List.copyOf(penalties);
  }

  /** Makes hooks of penalties alone. */
  public static StepHooks of(List<Penalty> penalties) {
    return new StepHooks(WorkerGroup.ALONE, penalties);
  }

  /** Returns these hooks for workers. */
  public StepHooks among(WorkerGroup group) {
    return new StepHooks(group, penalties);
  }
}
