package io.adapt4j.core.train;

import java.util.List;

/**
 * Watches a training run.
 *
 * <p>The trainer calls the methods in the order of events on the thread that trains, so a slow
 * listener slows the run down. What a listener throws is logged and never stops training. Every run
 * that started also ends, whatever the reason.
 */
public interface TrainingListener {

  /**
   * The run starts.
   *
   * @param event what is planned
   */
  default void started(RunStart event) {}

  /**
   * The run continues from a saved state; follows {@link #started}.
   *
   * @param event which one
   */
  default void resumed(ResumeEvent event) {}

  /**
   * An optimizer step was applied.
   *
   * @param event its figures
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
   * @param event where it is
   */
  default void checkpointSaved(CheckpointEvent event) {}

  /**
   * A step was skipped because its loss or gradient was NaN or infinite.
   *
   * @param event what was wrong
   */
  default void skipped(SkippedStep event) {}

  /**
   * the run's metrics show something that usually means it is not going well. Each kind of warning
   * is given once a run.
   *
   * @param warning what was noticed, and what to try
   */
  default void warned(TrainingWarning warning) {}

  /**
   * The run is over; no further event follows.
   *
   * @param event how it ended
   */
  default void ended(RunEnd event) {}

  /**
   * Joins several listeners into one that passes each event on in order. An exception of one is
   * logged and reaches neither the others nor the caller.
   *
   * @param listeners the listeners to call
   * @return a listener that never throws an exception
   */
  static TrainingListener all(List<? extends TrainingListener> listeners) {
    return new ListenerGroup(List.copyOf(listeners));
  }
}
