package io.adapt4j.cli;

import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.io.PrintStream;

/** Progress output, with remedies of warnings in command-line terms. */
final class WordedProgress implements TrainingListener {

  private final TrainingListener progress;

  WordedProgress(PrintStream out) {
    this.progress = TrainingListeners.console(out);
  }

  @Override
  public void started(RunStart event) {
    progress.started(event);
  }

  @Override
  public void resumed(ResumeEvent event) {
    progress.resumed(event);
  }

  @Override
  public void step(StepEvent event) {
    progress.step(event);
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    progress.evaluated(event);
  }

  @Override
  public void checkpointSaved(CheckpointEvent event) {
    progress.checkpointSaved(event);
  }

  @Override
  public void skipped(SkippedStep event) {
    progress.skipped(event);
  }

  @Override
  public void warned(TrainingWarning warning) {
    progress.warned(
        new TrainingWarning(
            warning.kind(),
            warning.step(),
            Wording.of(warning.message()),
            Wording.of(warning.remedy())));
  }

  @Override
  public void ended(RunEnd event) {
    progress.ended(event);
  }
}
