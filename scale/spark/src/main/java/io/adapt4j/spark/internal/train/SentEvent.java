package io.adapt4j.spark.internal.train;

import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResourceUse;
import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.io.Serializable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A serializable event of a run, sent to the driver. */
sealed interface SentEvent extends Serializable {

  /** Passes the event to a listener. */
  void tell(TrainingListener listener);

  /** The run starts. */
  record Started(
      int totalSteps,
      double epochs,
      long trainable,
      long total,
      long train,
      long validation,
      String model,
      String precision,
      LinkedHashMap<String, String> settings,
      boolean tokenLoss)
      implements SentEvent {

    static Started of(RunStart event) {
      return new Started(
          event.totalSteps(),
          event.epochs(),
          event.trainableParameters(),
          event.totalParameters(),
          event.trainExamples(),
          event.validationExamples(),
          event.model(),
          event.precision(),
          new LinkedHashMap<>(event.settings()),
          event.tokenLoss());
    }

    @Override
    public void tell(TrainingListener listener) {
      listener.started(
          new RunStart(
              totalSteps,
              epochs,
              trainable,
              total,
              train,
              validation,
              model,
              precision,
              settings,
              tokenLoss));
    }
  }

  /** The run resumes from a state. */
  record Resumed(int step, String path, ArrayList<String> damaged) implements SentEvent {

    static Resumed of(ResumeEvent event) {
      return new Resumed(event.step(), event.path().toString(), new ArrayList<>(event.damaged()));
    }

    @Override
    public void tell(TrainingListener listener) {
      listener.resumed(new ResumeEvent(step, Path.of(path), damaged));
    }
  }

  /** Resource use of a process; null if unknown. */
  record Used(@Nullable Long heap, @Nullable Long resident, @Nullable Double share)
      implements Serializable {

    static Used of(ResourceUse use) {
      return new Used(
          use.heapBytes().isPresent() ? use.heapBytes().getAsLong() : null,
          use.residentBytes().isPresent() ? use.residentBytes().getAsLong() : null,
          use.processorShare().isPresent() ? use.processorShare().getAsDouble() : null);
    }

    ResourceUse use() {
      return new ResourceUse(
          heap == null ? OptionalLong.empty() : OptionalLong.of(heap),
          resident == null ? OptionalLong.empty() : OptionalLong.of(resident),
          share == null ? OptionalDouble.empty() : OptionalDouble.of(share));
    }
  }

  /** A step was applied. */
  record Step(
      int step,
      int totalSteps,
      double epoch,
      double loss,
      double learningRate,
      double gradientNorm,
      double tokensPerSecond,
      long targetTokens,
      Duration elapsed,
      Duration remaining,
      double penalty,
      Duration duration,
      Used resources,
      LinkedHashMap<String, Double> metrics)
      implements SentEvent {

    static Step of(StepEvent event) {
      return new Step(
          event.step(),
          event.totalSteps(),
          event.epoch(),
          event.loss(),
          event.learningRate(),
          event.gradientNorm(),
          event.tokensPerSecond(),
          event.targetTokens(),
          event.elapsed(),
          event.remaining(),
          event.penalty(),
          event.duration(),
          Used.of(event.resources()),
          new LinkedHashMap<>(event.metrics()));
    }

    @Override
    public void tell(TrainingListener listener) {
      listener.step(
          new StepEvent(
              step,
              totalSteps,
              epoch,
              loss,
              learningRate,
              gradientNorm,
              tokensPerSecond,
              targetTokens,
              elapsed,
              remaining,
              penalty,
              duration,
              resources.use(),
              metrics));
    }
  }

  /** A step was skipped. */
  record Skipped(
      int step, int totalSteps, String reason, double loss, double gradientNorm, int consecutive)
      implements SentEvent {

    static Skipped of(SkippedStep event) {
      return new Skipped(
          event.step(),
          event.totalSteps(),
          event.reason(),
          event.loss(),
          event.gradientNorm(),
          event.consecutive());
    }

    @Override
    public void tell(TrainingListener listener) {
      listener.skipped(new SkippedStep(step, totalSteps, reason, loss, gradientNorm, consecutive));
    }
  }

  /** An evaluation is done. */
  record Evaluated(
      int step, double loss, double perplexity, boolean best, LinkedHashMap<String, Double> metrics)
      implements SentEvent {

    static Evaluated of(EvaluationEvent event) {
      return new Evaluated(
          event.step(),
          event.loss(),
          event.perplexity(),
          event.bestSoFar(),
          new LinkedHashMap<>(event.metrics()));
    }

    @Override
    public void tell(TrainingListener listener) {
      listener.evaluated(new EvaluationEvent(step, loss, perplexity, best, metrics));
    }
  }

  /** A checkpoint was written. */
  record Saved(int step, String path, boolean best) implements SentEvent {

    static Saved of(CheckpointEvent event) {
      return new Saved(event.step(), event.path().toString(), event.best());
    }

    @Override
    public void tell(TrainingListener listener) {
      listener.checkpointSaved(new CheckpointEvent(step, Path.of(path), best));
    }
  }

  /** Something looks wrong. */
  record Warned(TrainingWarning.Kind kind, int step, String message, String remedy)
      implements SentEvent {

    static Warned of(TrainingWarning event) {
      return new Warned(event.kind(), event.step(), event.message(), event.remedy());
    }

    @Override
    public void tell(TrainingListener listener) {
      listener.warned(new TrainingWarning(kind, step, message, remedy));
    }
  }

  /** The run is over. */
  record Ended(
      StopReason reason,
      int steps,
      @Nullable Integer bestStep,
      @Nullable Double bestLoss,
      Duration elapsed)
      implements SentEvent {

    static Ended of(RunEnd event) {
      return new Ended(
          event.reason(),
          event.steps(),
          event.bestStep().isPresent() ? event.bestStep().getAsInt() : null,
          event.bestLoss().isPresent() ? event.bestLoss().getAsDouble() : null,
          event.elapsed());
    }

    @Override
    public void tell(TrainingListener listener) {
      listener.ended(
          new RunEnd(
              reason,
              steps,
              bestStep == null ? OptionalInt.empty() : OptionalInt.of(bestStep),
              bestLoss == null ? OptionalDouble.empty() : OptionalDouble.of(bestLoss),
              elapsed));
    }
  }

  /** An event with its sequence number. */
  record Numbered(int attempt, long number, SentEvent event) implements Serializable {

    boolean isAfter(@Nullable Numbered other) {
      return other == null
          || attempt > other.attempt
          || (attempt == other.attempt && number > other.number);
    }
  }
}
