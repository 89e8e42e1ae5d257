package io.adapt4j.spark.internal.train;

import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;

/** Collects the events of an attempt for the driver, and counts its steps. */
final class EventSender implements TrainingListener {

  private final RunEvents events;
  private final int attempt;
  private long number;
  private int steps;

  EventSender(RunEvents events, int attempt) {
    this.events = events;
    this.attempt = attempt;
  }

  int steps() {
    return steps;
  }

  private void add(SentEvent event) {
    events.add(new SentEvent.Numbered(attempt, number++, event));
  }

  @Override
  public void started(RunStart event) {
    add(SentEvent.Started.of(event));
  }

  @Override
  public void resumed(ResumeEvent event) {
    add(SentEvent.Resumed.of(event));
  }

  @Override
  public void step(StepEvent event) {
    steps++;
    add(SentEvent.Step.of(event));
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    add(SentEvent.Evaluated.of(event));
  }

  @Override
  public void checkpointSaved(CheckpointEvent event) {
    add(SentEvent.Saved.of(event));
  }

  @Override
  public void skipped(SkippedStep event) {
    add(SentEvent.Skipped.of(event));
  }

  @Override
  public void warned(TrainingWarning warning) {
    add(SentEvent.Warned.of(warning));
  }

  @Override
  public void ended(RunEnd event) {
    add(SentEvent.Ended.of(event));
  }
}
