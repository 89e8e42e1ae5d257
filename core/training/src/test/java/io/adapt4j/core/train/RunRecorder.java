package io.adapt4j.core.train;

import java.util.ArrayList;
import java.util.List;

/** Keeps the events of a run. */
public final class RunRecorder implements TrainingListener {

  /** Steps that were applied. */
  public final List<StepEvent> steps = new ArrayList<>();

  /** Steps that were not. */
  public final List<SkippedStep> skipped = new ArrayList<>();

  /** Evaluations, the one before the first step included. */
  public final List<EvaluationEvent> evaluations = new ArrayList<>();

  /** Checkpoints written. */
  public final List<CheckpointEvent> checkpoints = new ArrayList<>();

  /** Starts and ends; a run has one of each. */
  public final List<RunStart> starts = new ArrayList<>();

  public final List<RunEnd> ends = new ArrayList<>();

  @Override
  public void started(RunStart event) {
    starts.add(event);
  }

  @Override
  public void step(StepEvent event) {
    steps.add(event);
  }

  @Override
  public void skipped(SkippedStep event) {
    skipped.add(event);
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    evaluations.add(event);
  }

  @Override
  public void checkpointSaved(CheckpointEvent event) {
    checkpoints.add(event);
  }

  @Override
  public void ended(RunEnd event) {
    ends.add(event);
  }

  /** The training loss of each applied step. */
  public List<Double> losses() {
    return steps.stream().map(StepEvent::loss).toList();
  }
}
