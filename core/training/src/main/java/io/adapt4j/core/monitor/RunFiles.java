package io.adapt4j.core.monitor;

import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes all reports of a run into one folder, usually its output folder: {@value
 * TrainingListeners#REPORT} ({@link HtmlReport}), {@value TrainingListeners#METRICS} ({@link
 * JsonlMetricsLog}) and event files in {@value TrainingListeners#TENSORBOARD} ({@link
 * TensorBoardLog}).
 *
 * <p>Nothing is written before the run starts. A resumed run continues all three; its page includes
 * the earlier steps, which are read back from the metrics. A file that cannot be written does not
 * affect the others. The files are closed when the run ends; {@link #close()} is needed only if it
 * never does.
 */
final class RunFiles implements TrainingListener, AutoCloseable {

  private final Path folder;
  private final HtmlReport report;
  private final TensorBoardLog tensorBoard;
  private @Nullable JsonlMetricsLog metrics;
  private TrainingListener all;

  private RunFiles(Path folder) {
    this.folder = folder;
    this.report = HtmlReport.at(folder.resolve(TrainingListeners.REPORT));
    this.tensorBoard = TensorBoardLog.in(folder.resolve(TrainingListeners.TENSORBOARD));
    this.all = TrainingListener.all(List.of(report, tensorBoard));
  }

  /** Writes into a folder, which is created if missing. */
  public static RunFiles in(Path folder) {
    return new RunFiles(folder);
  }

  /** {@inheritDoc} */
  @Override
  public void started(RunStart event) {
    all = TrainingListener.all(List.of(report, tensorBoard));
    all.started(event);
    metrics = JsonlMetricsLog.to(folder.resolve(TrainingListeners.METRICS));
    metrics.started(event);
    all = TrainingListener.all(List.of(report, tensorBoard, metrics));
  }

  /** {@inheritDoc} */
  @Override
  public void resumed(ResumeEvent event) {
    all.resumed(event);
    try {
      MetricsHistory.replay(folder.resolve(TrainingListeners.METRICS), event.step(), report);
    } catch (IOException e) {
      throw new UncheckedIOException(
          ("Cannot read the figures of the steps before from %s: %s. The report shows those"
                  + " after.")
              .formatted(folder.resolve(TrainingListeners.METRICS), e),
          e);
    }
  }

  @Override
  public void step(StepEvent event) {
    all.step(event);
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    all.evaluated(event);
  }

  @Override
  public void checkpointSaved(CheckpointEvent event) {
    all.checkpointSaved(event);
  }

  @Override
  public void skipped(SkippedStep event) {
    all.skipped(event);
  }

  @Override
  public void warned(TrainingWarning warning) {
    all.warned(warning);
  }

  @Override
  public void ended(RunEnd event) {
    all.ended(event);
  }

  /** Closes the files; closing again has no effect. */
  @Override
  public void close() {
    tensorBoard.close();
    if (metrics != null) {
      metrics.close();
    }
  }
}
