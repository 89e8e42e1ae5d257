package io.adapt4j.core.train;

import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes events to several listeners and shields the training loop from their exceptions. */
record ListenerGroup(List<TrainingListener> listeners) implements TrainingListener {
  private static final Logger LOG = LoggerFactory.getLogger(ListenerGroup.class);

  @Override
  public void started(RunStart event) {
    forEach(listener -> listener.started(event));
  }

  @Override
  public void resumed(ResumeEvent event) {
    forEach(listener -> listener.resumed(event));
  }

  @Override
  public void step(StepEvent event) {
    forEach(listener -> listener.step(event));
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    forEach(listener -> listener.evaluated(event));
  }

  @Override
  public void checkpointSaved(CheckpointEvent event) {
    forEach(listener -> listener.checkpointSaved(event));
  }

  @Override
  public void skipped(SkippedStep event) {
    forEach(listener -> listener.skipped(event));
  }

  @Override
  public void warned(TrainingWarning warning) {
    forEach(listener -> listener.warned(warning));
  }

  @Override
  public void ended(RunEnd event) {
    forEach(listener -> listener.ended(event));
  }

  private void forEach(Consumer<TrainingListener> call) {
    for (TrainingListener listener : listeners) {
      try {
        call.accept(listener);
      } catch (RuntimeException e) {
        LOG.warn(
            "Training continues although {} failed: {}",
            listener.getClass().getName(),
            e.toString());
        LOG.debug("The failure of the listener", e);
      }
    }
  }
}
