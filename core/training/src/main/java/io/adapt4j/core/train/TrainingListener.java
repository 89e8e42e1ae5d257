package io.adapt4j.core.train;

import java.util.List;

/**
 * Receives the events of a training run.
 *
 * <p>The trainer calls the methods in the order of events on the training thread, so a slow
 * listener slows the run down. Exceptions of a listener are logged and never stop training. Every
 * run that started also ends, whatever the reason.
 */
public interface TrainingListener {

  /**
   * The run starts.
   *
   * @param event the plan
   */
  default void started(RunStart event) {}

  /**
   * The run continues from a saved state; follows {@link #started}.
   *
   * @param event the state
   */
  default void resumed(ResumeEvent event) {}

  /**
   * An optimizer step was applied.
   *
   * @param event its metrics
   */
  default void step(StepEvent event) {}

  /**
   * An evaluation is done.
   *
   * @param event its result
   */
  default void evaluated(EvaluationEvent event) {}

  /**
   * A checkpoint was written.
   *
   * @param event its location
   */
  default void checkpointSaved(CheckpointEvent event) {}

  /**
   * A step was skipped because its loss or gradient was NaN or infinite.
   *
   * @param event the problem
   */
  default void skipped(SkippedStep event) {}

  /**
   * The run's metrics show something that usually means it is not going well. Each kind of warning
   * is given once per run.
   *
   * @param warning the observation and the remedy
   */
  default void warned(TrainingWarning warning) {}

  /**
   * The run is over; no further event follows.
   *
   * @param event the reason and the result
   */
  default void ended(RunEnd event) {}

  /**
   * Combines several listeners into one that passes each event on in order. An exception of one is
   * logged and reaches neither the others nor the caller.
   *
   * @param listeners the listeners to call
   * @return a listener that never throws an exception
   */
  static TrainingListener all(List<? extends TrainingListener> listeners) {
    return new ListenerGroup(List.copyOf(listeners));
  }
}
