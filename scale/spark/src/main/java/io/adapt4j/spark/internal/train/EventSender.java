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
import io.adapt4j.spark.internal.serial.Sent;

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

  private void add(Record event) {
    events.add(new RunEvent(attempt, number++, Sent.of(event)));
  }

  @Override
  public void started(RunStart event) {
    add(event);
  }

  @Override
  public void resumed(ResumeEvent event) {
    add(event);
  }

  @Override
  public void step(StepEvent event) {
    steps++;
    add(event);
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    add(event);
  }

  @Override
  public void checkpointSaved(CheckpointEvent event) {
    add(event);
  }

  @Override
  public void skipped(SkippedStep event) {
    add(event);
  }

  @Override
  public void warned(TrainingWarning warning) {
    add(warning);
  }

  @Override
  public void ended(RunEnd event) {
    add(event);
  }
}
