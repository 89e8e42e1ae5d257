package io.adapt4j.core.internal.train;

import java.util.List;

/**
 * Participants in a step between backward pass and update: other workers and penalties.
 *
 * @param penalties add their gradients to the sum of all workers; closed by their creator
 */
public record StepHooks(WorkerGroup workers, List<Penalty> penalties) {

  /** No participants. */
  public static final StepHooks NONE = new StepHooks(WorkerGroup.ALONE, List.of());

  /** Copies the list. */
  public StepHooks {
    penalties = List.copyOf(penalties);
  }

  /** Creates hooks of a single worker with penalties. */
  public static StepHooks of(List<Penalty> penalties) {
    return new StepHooks(WorkerGroup.ALONE, penalties);
  }

  public StepHooks among(WorkerGroup group) {
    return new StepHooks(group, penalties);
  }
}
