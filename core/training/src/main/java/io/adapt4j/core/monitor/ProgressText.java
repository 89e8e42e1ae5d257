package io.adapt4j.core.monitor;

import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResourceUse;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingWarning;
import java.time.Duration;
import java.util.Locale;

/** Formats the events of a run. */
final class ProgressText {
  private ProgressText() {}

  static String started(RunStart event) {
    return format(
        "Training %s in %s: %,d steps, %s epochs, %s, %,d of %,d parameters trainable (%.2f %%)",
        event.model(),
        event.precision(),
        event.totalSteps(),
        plain(event.epochs()),
        examples(event),
        event.trainableParameters(),
        event.totalParameters(),
        100.0 * event.trainableParameters() / Math.max(1, event.totalParameters()));
  }

  private static String examples(RunStart event) {
    String training =
        event.trainExamples() > 0
            ? format("%,d training examples", event.trainExamples())
            : "streamed training examples";
    return event.validationExamples() > 0
        ? training + format(" and %,d validation examples", event.validationExamples())
        : training;
  }

  static String resumed(ResumeEvent event) {
    return "Continues after step " + event.step() + " from " + event.path();
  }

  static String step(StepEvent event) {
    return format(
        "step %d/%d | epoch %.2f | loss %.4f | lr %.2e | grad norm %.2f%s | %.0f tokens/s%s | %s",
        event.step(),
        event.totalSteps(),
        event.epoch(),
        event.loss(),
        event.learningRate(),
        event.gradientNorm(),
        watched(event),
        event.tokensPerSecond(),
        resident(event.resources()),
        timeLeft(event));
  }

  /** The time left, once it can be estimated. */
  static String timeLeft(StepEvent event) {
    return event.timeLeft().map(time -> clock(time) + " left").orElse("estimating time left");
  }

  /** The first metric, which is the most important. */
  private static String watched(StepEvent event) {
    return event.metrics().entrySet().stream()
        .findFirst()
        .map(entry -> format(" | %s %.4f", entry.getKey(), entry.getValue()))
        .orElse("");
  }

  private static String resident(ResourceUse use) {
    return use.residentBytes().isPresent()
        ? format(" | %.2f GiB", (double) use.residentBytes().getAsLong() / (1L << 30))
        : "";
  }

  /** The part of a step that follows the live bar's own step counter. */
  static String besideBar(StepEvent event) {
    return format(
        "loss %.4f lr %.1e %.0f tok/s %s",
        event.loss(),
        event.learningRate(),
        event.tokensPerSecond(),
        event.timeLeft().map(time -> clock(time) + " left").orElse("estimating"));
  }

  static String evaluated(EvaluationEvent event) {
    StringBuilder measured = new StringBuilder();
    if (event.metrics().isEmpty() && !Double.isNaN(event.perplexity())) {
      measured.append(format(" | perplexity %.2f", event.perplexity()));
    }
    event.metrics().forEach((name, value) -> measured.append(format(" | %s %.4f", name, value)));
    return format(
        "step %d | validation loss %.4f%s%s",
        event.step(),
        event.loss(),
        measured,
        event.step() == 0 ? " | before training" : event.bestSoFar() ? " | best so far" : "");
  }

  static String checkpointSaved(CheckpointEvent event) {
    if (event.step() == 0) {
      return format("step 0 | model before training saved to %s", event.path());
    }
    return format(
        "step %d | checkpoint saved to %s%s",
        event.step(), event.path(), event.best() ? " (best)" : "");
  }

  static String skipped(SkippedStep event) {
    return format(
        "step %d/%d | skipped: %s (%d in a row)",
        event.step(), event.totalSteps(), event.reason(), event.consecutive());
  }

  static String warned(TrainingWarning warning) {
    return warning.kind() == TrainingWarning.Kind.ENDED_WORSE
        ? "WARNING: " + warning.text()
        : format("step %d | warning: %s", warning.step(), warning.text());
  }

  static String ended(RunEnd event) {
    String how =
        switch (event.reason()) {
          case COMPLETED -> "completed";
          case EARLY_STOPPED -> "stopped early";
          case STOP_REQUESTED -> "stopped on request";
          case FAILED -> "failed";
        };
    String best =
        event.bestLoss().isPresent() && event.bestStep().isPresent()
            ? event.bestStep().getAsInt() == 0
                ? format(
                    "; no evaluation was better than before training, validation loss %.4f",
                    event.bestLoss().getAsDouble())
                : format(
                    "; best validation loss %.4f at step %d",
                    event.bestLoss().getAsDouble(), event.bestStep().getAsInt())
            : "";
    return format(
        "Training %s after %,d steps in %s%s", how, event.steps(), clock(event.elapsed()), best);
  }

  /** Formats minutes and seconds, preceded by hours if there are any. */
  static String clock(Duration time) {
    return time.toHours() > 0
        ? format("%d:%02d:%02d", time.toHours(), time.toMinutesPart(), time.toSecondsPart())
        : format("%d:%02d", time.toMinutes(), time.toSecondsPart());
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? format("%.0f", number) : format("%.2f", number);
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
