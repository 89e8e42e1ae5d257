package io.adapt4j.core.monitor;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes a run's metrics as one HTML page with charts, which opens from disk without a network.
 *
 * <p>The page is replaced as a whole: at the start and the end, after evaluations and warnings (at
 * most once a second), and otherwise every five seconds. During the run, an open page reloads
 * itself every ten seconds. It shows progress, time left, warnings, curves of training and
 * validation loss (linear and logarithmic), perplexity, metrics, gradient norm, learning rate,
 * speed, memory and CPU, then evaluations, checkpoints and the run's settings.
 *
 * <p>Memory and page stay small however long the run: each curve keeps at most 512 points, and
 * merges neighbors to their mean, minimum and maximum beyond that. A resumed run's page begins at
 * the step it continues from; {@link RunFiles} also shows earlier steps.
 */
final class HtmlReport implements TrainingListener {

  private static final Duration BETWEEN_STEPS = Duration.ofSeconds(5);
  private static final Duration BETWEEN_OTHERS = Duration.ofSeconds(1);

  private final Path file;
  private final Clock clock;
  private @Nullable ReportState state;
  private Instant written = Instant.MIN;

  private HtmlReport(Path file, Clock clock) {
    this.file = Objects.requireNonNull(file, "file");
    this.clock = clock;
  }

  /** Writes to a file, which is replaced; missing folders are created. */
  public static HtmlReport at(Path file) {
    return at(file, Clock.systemUTC());
  }

  static HtmlReport at(Path file, Clock clock) {
    return new HtmlReport(file, clock);
  }

  @Override
  public void started(RunStart event) {
    state = new ReportState(event);
    write();
  }

  @Override
  public void step(StepEvent event) {
    state().add(event);
    writeAfter(BETWEEN_STEPS);
  }

  @Override
  public void evaluated(EvaluationEvent event) {
    state().add(event);
    writeAfter(BETWEEN_OTHERS);
  }

  @Override
  public void checkpointSaved(CheckpointEvent event) {
    state().add(event);
    writeAfter(BETWEEN_OTHERS);
  }

  @Override
  public void skipped(SkippedStep event) {
    state().add(event);
    writeAfter(BETWEEN_STEPS);
  }

  @Override
  public void warned(TrainingWarning warning) {
    state().add(warning);
    writeAfter(BETWEEN_OTHERS);
  }

  @Override
  public void ended(RunEnd event) {
    state().end = event;
    write();
  }

  private ReportState state() {
    return Objects.requireNonNull(state, "a run starts before its events");
  }

  private void writeAfter(Duration pause) {
    if (!clock.instant().isBefore(written.plus(pause))) {
      write();
    }
  }

  /** A page that cannot be written is retried after the same pause, not at every step. */
  private void write() {
    written = clock.instant();
    try {
      AtomicFiles.writeText(file, ReportPage.of(state(), written));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot write the report " + file + ": " + WriteFailure.explain(file, e) + ".", e);
    }
  }
}
